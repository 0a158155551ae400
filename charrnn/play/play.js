// The page: its controls, the sheets side by side, and the views of what the network thinks.

const TEXTS = ["title", "company", "city", "beginning"]; // the names of controls, here and in the address
const NUMBERS = { seed: "seed", temperature: "temperature", topP: "top-p", minP: "min-p" };
const MOST_SEED = 2 ** 53;
const SHOWING = 6; // milliseconds of a frame in which letters are added

/** The state of the page. */
class Play {
  constructor(config) {
    this.config = config;
    this.vocabulary = new Vocabulary(config.chars, config.equals);
    this.sheets = new Map(); // by the name of a network
    this.jobs = new Map(); // sheets by the number of what they show
    this.count = 0;
    this.tint = null;
    this.last = null; // the sheet that was pointed at last
    this.find();
    this.send = startEngine((message) => this.receive(message));
    this.showCells();
  }

  /** Write the text that the address says, now that all of the page is there. */
  start() {
    const data = (id) => document.getElementById(id)?.textContent ?? "", { grammar } = this.config;
    this.send({ kind: "setup", kernel: data("kernel"), grammar: grammar && { ...grammar, data: data("grammar") } });
    this.listen();
    this.followAddress();
  }

  find() {
    const names = "title company city beginning temperature top-p min-p seed speed masked raw sheets status cursor cells own paste " +
      "missing words marked found write stop again next";
    this.parts = Object.fromEntries(names.split(" ").map((name) => [name, document.getElementById(name)]));
    this.live = document.getElementById("live");
    const wide = matchMedia("(min-width: 60rem)"), home = this.parts.cursor.parentNode, tap = document.getElementById("tap");
    const place = () => { // chances stand beside the text, or in the bar below it: where they can be seen with the letter
      const all = document.getElementById("all");
      wide.matches ? home.insertBefore(this.parts.cursor, tap.nextSibling) : all.before(this.parts.cursor);
      all.open = wide.matches;
    };
    wide.addEventListener("change", place);
    place();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.parts.speed.value = "0";
  }

  listen() {
    const { parts } = this, on = (name, event, call) => parts[name]?.addEventListener(event, call);
    document.getElementById("settings").addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    on("stop", "click", () => this.stop());
    on("again", "click", () => {
      parts.seed.value = (Number(parts.seed.value) || 0) + 1;
      this.write();
    });
    on("next", "click", () => (this.due += 1));
    for (const name of ["temperature", "top-p", "min-p"]) {
      on(name, "input", () => this.showNumbers());
      on(name, "change", () => this.changeNumbers());
    }
    on("raw", "change", () => this.drawAgain());
    on("speed", "change", () => this.setSpeed());
    on("own", "click", () => this.read());
    on("found", "click", (event) => this.pickCell(event));
    on("cells", "change", () => this.setTint());
    for (const box of document.querySelectorAll("input[name=network]")) box.addEventListener("change", () => this.switchNetworks());
    for (const box of document.querySelectorAll("input[name=tint]")) box.addEventListener("change", () => this.setTint());
    document.getElementById("explain").addEventListener("click", (event) => {
      const on = document.body.classList.toggle("explained");
      event.target.setAttribute("aria-pressed", String(on));
    });
    document.getElementById("apart").addEventListener("click", () => this.tellApart());
    document.addEventListener("selectionchange", () => this.takeSelection());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
    window.addEventListener("hashchange", () => location.hash !== this.address && this.followAddress());
  }

  /** Take the settings from the address, and write: one address is one text, in every browser. */
  followAddress() {
    const said = new URLSearchParams(location.hash.slice(1));
    for (const name of [...TEXTS, ...Object.values(NUMBERS)]) {
      if (this.parts[name]) this.parts[name].value = said.get(name) ?? this.parts[name].defaultValue;
    }
    if (this.parts.masked) this.parts.masked.checked = said.get("markup") !== "free";
    const boxes = [...document.querySelectorAll("input[name=network]")], names = said.getAll("network");
    const known = boxes.some((box) => names.includes(box.value));
    boxes.forEach((box, at) => (box.checked = known ? names.includes(box.value) : at === 0));
    this.showNumbers();
    this.setSpeed();
    this.chooseNetworks();
    this.write(turnsOf(said.getAll("on")), true);
  }

  /** Put what is written into the address. It becomes a step to go back to, unless it replaces the last one. */
  setAddress(replaces = false) {
    const said = new URLSearchParams(this.said ?? "");
    for (const { at, ...rule } of this.order.turns) said.append("on", [at, ...Object.keys(NUMBERS).map((name) => rule[name])].join("-"));
    const names = this.chosen();
    if (this.said && (names.length > 1 || names[0] !== this.config.networks[0].name)) names.forEach((name) => said.append("network", name));
    if (!this.said) said.delete("on"); // a text that was pasted is in no address
    if (location.hash.slice(1) !== String(said)) replaces ? location.replace(`#${said}`) : (location.hash = said);
    this.address = location.hash; // as the browser writes it
  }

  showNumbers() {
    for (const name of ["temperature", "top-p", "min-p"]) {
      document.querySelector(`output[for=${name}]`).value = Number(this.parts[name].value).toFixed(2);
    }
  }

  /** Follow a slider that is moved while a text is written: from here on it counts. */
  changeNumbers() {
    const [sheet] = this.jobs.values();
    if (!this.writing || this.order.only) return;
    if (sheet.shown >= sheet.reading.begins) this.writeOn(sheet.shown);
    else this.write();
  }

  setSpeed() {
    this.speed = Number(this.parts.speed.value); // letters a second; 0 for all at once, -1 for one at a press
    this.parts.next.hidden = this.speed !== -1;
  }

  seed() {
    const seed = Math.floor(Math.abs(Number(this.parts.seed.value) || 0)) % MOST_SEED;
    this.parts.seed.value = seed;
    return seed;
  }

  settings() {
    const numbers = Object.entries(NUMBERS).map(([name, control]) => [name, Number(this.parts[control].value)]);
    return { ...Object.fromEntries(numbers), seed: this.seed() };
  }

  chosen() {
    return [...document.querySelectorAll("input[name=network]:checked")].map((box) => box.value);
  }

  /** Make a sheet for each chosen network, and load those that are new. */
  chooseNetworks() {
    const names = this.chosen();
    for (const [name, sheet] of this.sheets) if (!names.includes(name)) sheet.frame.hidden = true;
    for (const { name, label, head, data } of this.config.networks) {
      if (!names.includes(name)) continue;
      if (!this.sheets.has(name)) {
        this.send({ kind: "load", name, head, data: data && document.getElementById(data).textContent });
        this.sheets.set(name, this.makeSheet(name, label, head));
      }
      const sheet = this.sheets.get(name);
      sheet.frame.hidden = false;
      this.parts.sheets.append(sheet.frame);
    }
    this.parts.sheets.classList.toggle("several", names.length > 1);
  }

  switchNetworks() {
    if (!this.chosen().length) {
      document.querySelector("input[name=network]").checked = true;
    }
    this.chooseNetworks();
    this.setAddress();
    this.repeat();
  }

  makeSheet(name, label, head) {
    const sheet = new Sheet(this.vocabulary, this.config.postings);
    sheet.body.classList.toggle("prose", !this.config.postings && !this.config.monospace);
    const notice = element("p", "notice", this.config.notice);
    sheet.frame = element("section", "sheet", element("h2", "network", label), notice, sheet.body);
    sheet.frame.tabIndex = 0;
    sheet.frame.setAttribute("role", "group");
    sheet.frame.setAttribute("aria-label", `Text by the network: ${label}. Arrow keys move from letter to letter; Enter writes on from there.`);
    sheet.copy = sheet.frame.appendChild(element("div", "aloud"));
    Object.assign(sheet, { name, label, head });
    sheet.frame.addEventListener("click", (event) => {
      const index = sheet.of?.get(event.target);
      if (index === undefined) return;
      if (index !== sheet.cursor) return this.point(sheet, index);
      sheet.point(-1); // a second tap closes
      this.parts.cursor.replaceChildren();
    });
    sheet.frame.addEventListener("keydown", (event) => this.move(event, sheet));
    return sheet;
  }

  /** Return the parts of the beginning: what is given, and the lines of a head that the network is to fill in. */
  beginning() {
    const encode = (text) => ({ text: this.vocabulary.encode(text) });
    const missing = new Set();
    const fit = (text) => {
      const [fitted, unknown] = this.vocabulary.fit(text);
      unknown.forEach((char) => missing.add(char));
      return unknown.length && this.config.postings ? fitted.replace(/ +/g, " ").trim() : fitted;
    };
    let parts = [];
    if (this.config.postings) {
      const lines = ["title", "company", "city"].map((name) => fit(escapeMarkup(this.parts[name].value)));
      const known = lines.findLastIndex(Boolean) + 1;
      parts.push(encode("<html>\n"));
      lines.slice(0, known).forEach((line, at) => {
        const open = `<h${at + 1}>`, close = `</h${at + 1}>\n`;
        if (line) parts.push(encode(open + line + close));
        else parts.push(encode(open), { until: this.vocabulary.encode(close) });
      });
    } else {
      parts = [encode(fit(this.parts.beginning.value.replaceAll("\r\n", "\n")))];
    }
    this.sayMissing(missing);
    return parts.filter((part) => part.until || part.text.length);
  }

  sayMissing(missing, cut = false) {
    const shown = [...missing].slice(0, 20).join(" ") + (missing.size > 20 ? ` and ${missing.size - 20} more` : "");
    const characters = missing.size ? `The network never saw these characters, so they were left out: ${shown}` : "";
    const length = cut ? `Only the first ${this.config.readLength.toLocaleString("en")} characters were read.` : "";
    this.parts.missing.textContent = `${length} ${characters}`.trim();
  }

  /** Write the text of the settings; `turns` are its places from which on other settings count. */
  write(turns = [], replaces = false) {
    const settings = this.settings(), masked = Boolean(this.parts.masked?.checked);
    this.said = new URLSearchParams();
    for (const name of [...TEXTS, ...Object.values(NUMBERS)]) {
      if (this.parts[name]?.value) this.said.set(name, this.parts[name].value);
    }
    if (this.parts.masked && !masked) this.said.set("markup", "free");
    this.order = { ...settings, masked, parts: this.beginning(), only: false, turns };
    this.die = Math.max(settings.seed, ...turns.map((turn) => turn.seed));
    this.setAddress(replaces);
    this.repeat();
  }

  /** Keep the text up to a character, and write on by the settings of now and another seed. */
  writeOn(at) {
    const turns = this.order.turns.filter((turn) => turn.at < at), masked = Boolean(this.parts.masked?.checked);
    this.die = (this.die + 1) % MOST_SEED;
    turns.push({ at, ...this.settings(), seed: this.die });
    this.order = { ...this.order, masked: this.order.only ? masked : this.order.masked, only: false, turns };
    this.setAddress();
    this.repeat();
    this.say(`Writing on from character ${at.toLocaleString("en")}, with seed ${this.die}.`);
  }

  read() {
    const pasted = this.parts.paste.value;
    this.sayMissing(new Set()); // of an earlier text
    if (!pasted.trim()) {
      this.parts.paste.focus();
      return this.say("Paste a text first.");
    }
    if (!this.vocabulary.fit(pasted)[0].trim()) return this.say("The network knows none of these characters.");
    const [text, missing] = this.vocabulary.fit(this.config.postings ? documentOf(pasted) : pasted.replaceAll("\r\n", "\n"));
    const ids = this.vocabulary.encode(text), { readLength } = this.config;
    const seed = 0, rule = { seed, temperature: 1, topP: 1, minP: 0, masked: false };
    this.order = { ...rule, parts: [{ text: ids.slice(0, readLength) }], only: true, turns: [] };
    this.said = null;
    this.die = seed;
    this.setAddress();
    document.querySelector("input[name=tint][value=surprise]").checked = true;
    this.setTint();
    this.repeat();
    this.sayMissing(new Set(missing), ids.length > readLength);
  }

  /** Carry out the last order with every chosen network. */
  repeat() {
    this.send({ kind: "stop", id: this.count });
    this.jobs.clear();
    const { warmUps, length, lineLength, stop, stopFrom } = this.config, { seed, only } = this.order;
    const warmUp = this.vocabulary.encode(warmUps[seed % warmUps.length]);
    const common = { warmUp, length: only ? 0 : length, lineLength, stop: this.vocabulary.encode(stop), stopFrom };
    for (const name of this.chosen()) {
      const sheet = this.sheets.get(name);
      this.jobs.set(++this.count, sheet);
      if (this.order.turns.length) sheet.frame.style.minBlockSize = `${sheet.frame.offsetHeight}px`; // so that nothing jumps
      sheet.turns = new Set(this.order.turns.map((turn) => turn.at));
      sheet.begin(new Reading(sheet.head.layers * sheet.head.size), this.parts.raw?.checked);
      sheet.tint = this.tint;
      sheet.copy.replaceChildren();
      sheet.stopped = false;
      this.send({ kind: "run", id: this.count, network: name, ...common, ...this.order });
    }
    this.parts.words.replaceChildren();
    this.parts.cursor.replaceChildren();
    this.parts.marked.textContent = "";
    this.parts.found.replaceChildren();
    this.due = 0;
    this.writing = true;
    this.say(this.order.only ? "Reading." : "Writing.");
    this.parts.stop.disabled = false;
    this.tick();
  }

  receive(message) {
    if (message.kind === "error") return this.say(`This browser cannot run the network: ${message.text}`);
    if (message.kind === "ready") document.body.dataset.engine = message.fast ? "wasm" : "plain";
    if (message.kind === "batch") this.jobs.get(message.id)?.reading.add(message);
  }

  /** Show as many letters as are due, once a frame. */
  tick() {
    if (this.ticking) return;
    this.ticking = true;
    let before = performance.now();
    const frame = (now) => {
      this.due += this.speed > 0 && !this.order.only ? (this.speed * Math.min(now - before, 200)) / 1000 : 0;
      before = now;
      const all = this.speed === 0 || this.order.only;
      let waiting = false;
      for (const sheet of this.jobs.values()) {
        if (sheet.stopped) continue;
        const { reading } = sheet, known = reading.ids.length;
        const end = all ? known : Math.min(known, this.given() + Math.floor(this.due));
        for (const until = performance.now() + SHOWING; sheet.shown < end && performance.now() < until; ) sheet.show(Math.min(end, sheet.shown + 20));
        if (sheet.shown && !this.began) this.began = performance.mark("first letters"); // for measurements
        if (sheet.shown < known || !reading.over) waiting = true;
        else this.end(sheet);
      }
      if (waiting && this.writing) requestAnimationFrame(frame);
      else this.ticking = false;
      if (!waiting && this.writing) this.finish();
    };
    requestAnimationFrame(frame);
  }

  /** Return the number of characters that are shown at once, as they are no news. */
  given() {
    const { parts: [first], turns } = this.order;
    return turns.at(-1)?.at ?? first?.text?.length ?? 0;
  }

  stop() {
    if (!this.writing) return;
    this.send({ kind: "stop", id: this.count });
    for (const sheet of this.jobs.values()) {
      sheet.stopped = true;
      this.end(sheet);
    }
    this.finish();
  }

  end(sheet) {
    sheet.frame.style.minBlockSize = "";
    if (sheet.copy.childNodes.length) return;
    sheet.copy.append(...sheet.plain().map((line) => element("p", "", line)));
  }

  finish() {
    this.writing = false;
    this.parts.stop.disabled = true;
    const [sheet] = this.jobs.values();
    if (!sheet) return;
    const count = sheet.shown, title = this.config.postings ? sheet.body.querySelector(".title")?.textContent : "";
    const bits = sheet.bits(0, count) / Math.max(count, 1);
    const all = sheet.reading.over && count === sheet.reading.ids.length;
    const what = this.order.only && all ? "Read" : !all ? "Stopped" : sheet.reading.finished ? "Finished" : "Ended by the length limit";
    this.say(`${what}: ${title ? `${title}, ` : ""}${count.toLocaleString("en")} characters, ${bits.toFixed(2)} bits each.`);
    this.showWords();
  }

  say(text) {
    this.parts.status.textContent = text;
  }

  /** Draw the texts again, with or without their markup. */
  drawAgain() {
    for (const sheet of this.jobs.values()) {
      const end = sheet.shown;
      sheet.begin(sheet.reading, this.parts.raw.checked);
      sheet.show(end);
    }
  }

  move(event, sheet) {
    if (event.key === "Enter" && sheet.cursor >= 0) return this.writeOn(sheet.letters[sheet.cursor].from);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 40, ArrowUp: -40 }[event.key];
    const ends = { Home: 0, End: sheet.letters?.length - 1 }[event.key];
    if ((step === undefined && ends === undefined) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const index = ends ?? Math.max(0, sheet.cursor + step);
    if (event.shiftKey) {
      sheet.anchor ??= Math.max(0, sheet.cursor);
      this.mark(sheet, Math.min(sheet.anchor, index), Math.max(sheet.anchor, index));
    } else {
      sheet.anchor = undefined;
    }
    this.point(sheet, index);
  }

  /** Show what the network expected at a letter. */
  point(sheet, index) {
    if (this.last && this.last !== sheet) this.last.point(-1);
    this.last = sheet;
    const letter = sheet.point(index);
    if (!letter) return;
    const { reading } = sheet, at = letter.from;
    const drawn = reading.ids[at];
    const table = element("table", "chances", element("caption", "", `What the network expected here (${sheet.label})`));
    const head = table.createTHead().insertRow();
    head.append(...["Next character", "Chance", "Note"].map((text) => scoped(element("th", "", text), "col")));
    const rows = table.createTBody();
    const top = Array.from({ length: TOP }, (_, rank) => rank + TOP * at).filter((place) => reading.chances[place] > 0);
    for (const place of top) this.addChance(rows, reading.tops[place], reading.chances[place], reading.tops[place] === drawn, reading.forbidden[place]);
    if (!top.some((place) => reading.tops[place] === drawn)) this.addChance(rows, drawn, Math.exp(-reading.nats[at]), true, 0);
    const bits = reading.nats[at] / Math.LN2;
    const word = bits < 1 ? "Expected" : bits < 3 ? "One of a few" : bits < 6 ? "A surprise" : "Very unlikely";
    const verdict = `${word}: ${nameOf(this.vocabulary.chars[drawn], true)} had a chance of ${percent(Math.exp(-reading.nats[at]))}, which makes ${bits.toFixed(1)} bits.`;
    const button = element("button", "", "Write on from here");
    button.type = "button";
    button.addEventListener("click", () => {
      sheet.frame.focus({ preventScroll: true });
      this.writeOn(at);
    });
    this.parts.cursor.replaceChildren(element("p", "", verdict), element("p", "", button), table);
    if (this.tint?.cell !== undefined) {
      this.parts.cursor.append(element("p", "", `The cell is at ${reading.cell(letter.to - 1, this.tint.cell).toFixed(2)} here.`));
    }
    this.live.textContent = verdict;
  }

  addChance(rows, id, chance, drawn, forbidden) {
    const row = rows.insertRow();
    row.append(scoped(element("th", "", nameOf(this.vocabulary.chars[id])), "row"));
    const bar = element("span", "bar");
    bar.style.inlineSize = `${(100 * chance).toFixed(1)}%`;
    row.append(element("td", "n", percent(chance)));
    row.append(element("td", "", bar, drawn ? "\u2190 taken" : "", forbidden ? " not allowed by the grammar" : ""));
    if (drawn) row.className = "drawn";
  }

  showWords() {
    const [sheet] = this.jobs.values();
    this.parts.words.replaceChildren();
    if (!sheet || this.tint?.by !== "surprise") return;
    const table = element("table", "", element("caption", "", "Most surprising words"));
    const rows = table.createTBody();
    for (const [word, bits] of sheet.surprisingWords(8)) {
      rows.insertRow().append(scoped(element("th", "", word), "row"), element("td", "n", `${bits.toFixed(1)} bits`));
    }
    this.parts.words.append(table);
  }

  showCells() {
    const { cells, networks } = this.config, { size } = networks[0].head;
    for (const { layer, cell, follows, r } of cells) {
      const option = element("option", "", `layer ${layer}, cell ${cell}: follows ${follows} (r = ${r.toFixed(2)})`);
      option.value = (layer - 1) * size + cell;
      this.parts.cells.append(option);
    }
    const group = element("optgroup");
    group.label = "any other";
    for (let cell = 0; cell < networks[0].head.layers * size; cell++) {
      const option = element("option", "", `layer ${Math.floor(cell / size) + 1}, cell ${cell % size}`);
      option.value = cell;
      group.append(option);
    }
    this.parts.cells.append(group);
  }

  setTint() {
    const by = document.querySelector("input[name=tint]:checked").value;
    this.tint = by === "surprise" ? { by } : by === "cell" ? { cell: Number(this.parts.cells.value) } : null;
    document.body.dataset.tint = by;
    for (const sheet of this.sheets.values()) if (sheet.letters) sheet.recolour(this.tint);
    this.showWords();
    this.describeCell();
  }

  /** Say in words what the colours of a cell show. */
  describeCell() {
    const output = document.getElementById("described");
    output.textContent = "";
    const [sheet] = this.jobs.values();
    if (this.tint?.cell === undefined || !sheet?.letters?.length) return;
    const places = {};
    let on = 0;
    for (const { node, to } of sheet.letters) {
      const value = sheet.reading.cell(to - 1, this.tint.cell), place = node.closest("b, em, li, h2, h3, p, .line");
      const name = { B: "bold", EM: "emphasis", LI: "lists", H3: "headings", H2: "the title", P: "paragraphs" }[place?.tagName] ?? "lines";
      const [all, high] = places[name] ?? [0, 0];
      places[name] = [all + 1, high + (value > 0.5)];
      on += value > 0.5;
    }
    const most = Object.entries(places).sort((a, b) => b[1][1] / b[1][0] - a[1][1] / a[1][0])[0];
    output.textContent = `Above 0.5 in ${Math.round((100 * on) / sheet.letters.length)} % of the letters` +
      (on ? `; most often in ${most[0]} (${Math.round((100 * most[1][1]) / most[1][0])} %).` : ".");
  }

  /** Take the letters that are selected with the mouse or a finger. */
  takeSelection() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const range = selection.getRangeAt(0);
    for (const sheet of this.jobs.values()) {
      if (!sheet.body.contains(range.commonAncestorContainer)) continue;
      const inside = sheet.letters.map((letter, index) => (range.intersectsNode(letter.node) ? index : -1)).filter((index) => index >= 0);
      if (inside.length) this.mark(sheet, inside[0], inside.at(-1));
    }
  }

  mark(sheet, first, last) {
    for (const other of this.jobs.values()) if (other !== sheet) other.select(0, -1);
    sheet.select(first, last);
    this.range = { sheet, first, last };
    this.parts.marked.textContent = `${last - first + 1} letters are marked.`;
  }

  tellApart() {
    const { sheet, first, last } = this.range ?? {};
    if (!sheet || !sheet.letters[last] || last - first + 1 >= sheet.letters.length) {
      this.parts.marked.textContent = "Mark some letters of the text first: drag over them, or Shift and the arrow keys.";
      return;
    }
    const found = sheet.reading.tellApart(sheet.letters[first].from, sheet.letters[last].to, 6);
    this.parts.found.replaceChildren(...found.map(([cell, r]) => {
      const { size } = sheet.head;
      const button = element("button", "", `layer ${Math.floor(cell / size) + 1}, cell ${cell % size} (r = ${r.toFixed(2)})`);
      button.type = "button";
      button.value = cell;
      return element("li", "", button);
    }));
    if (!this.parts.found.childNodes.length) this.parts.marked.textContent = "No cell changes in this text.";
  }

  pickCell(event) {
    if (event.target.tagName !== "BUTTON") return;
    this.parts.cells.value = event.target.value;
    document.querySelector("input[name=tint][value=cell]").checked = true;
    this.setTint();
  }
}

/** Return what a character is called in a table; in a sentence it is quoted. */
function nameOf(char, quoted = false) {
  return { " ": "space", "\n": "line break", "\t": "tab" }[char] ?? (quoted ? `\u201c${char}\u201d` : char);
}

function percent(chance) {
  return chance < 0.001 ? "< 0.1 %" : chance > 0.9995 ? "100 %" : `${(100 * chance).toFixed(1)} %`;
}

/** Return the turns that an address names, in order; what is none is left out. */
function turnsOf(texts) {
  const turns = texts.map((text) => text.split("-").map(parseFloat)).filter((turn) => turn.length === 5 && turn.every((each) => each >= 0 && each < MOST_SEED));
  return turns.map(([at, seed, temperature, topP, minP]) => ({ at: Math.floor(at), seed: Math.floor(seed), temperature, topP, minP: Math.min(minP, 1) })).sort((a, b) => a.at - b.at);
}

function scoped(cell, scope) {
  cell.scope = scope;
  return cell;
}

if (typeof document !== "undefined") {
  document.body.classList.add("running");
  globalThis.play = new Play(JSON.parse(document.getElementById("config").textContent));
  document.addEventListener("DOMContentLoaded", () => play.start()); // the weights come after this script
}

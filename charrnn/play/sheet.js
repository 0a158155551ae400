// A sheet: one text of one network, shown letter by letter as the document it is, and what is known of each letter.

const LEVELS = [1, 3, 6, 9]; // bits from which a letter gets the next tint, as on the page of `charrnn.score`
const TITLES = { h1: "h2", h2: "p", h3: "p", h4: "h3", p: "p", ul: "ul", ol: "ol", li: "li", b: "b", em: "em" };

/** What a network wrote or read, one entry for each character. */
class Reading {
  constructor(cells) {
    Object.assign(this, { size: cells, ids: [], nats: [], tops: [], chances: [], forbidden: [], cells: new Int8Array(0) });
    this.sizes = { ids: 1, nats: 1, tops: TOP, chances: TOP, forbidden: TOP, cells }; // of one character
    this.over = false;
    this.finished = false;
  }

  /** Add what follows. Two engines may send the same characters: those that are known are left out. */
  add(batch) {
    this.begins ??= batch.begins;
    const known = this.ids.length - batch.from;
    if (known > 0) {
      if (known >= batch.ids.length) return;
      for (const name of Object.keys(this.sizes)) batch[name] = batch[name].subarray(known * this.sizes[name]);
    }
    const needed = (this.ids.length + batch.ids.length) * this.size;
    if (needed > this.cells.length) {
      const more = new Int8Array(Math.max(needed, 2 * this.cells.length));
      more.set(this.cells);
      this.cells = more;
    }
    this.cells.set(batch.cells, this.ids.length * this.size);
    for (const name of ["ids", "nats", "tops", "chances", "forbidden"]) for (const each of batch[name]) this[name].push(each);
    this.over = batch.over;
    this.finished = batch.finished;
  }

  /** Return the value of a cell after a character, between -1 and 1. */
  cell(at, cell) {
    return this.cells[at * this.size + cell] / 127;
  }

  /** Return the cells that differ most between some characters and the others: their numbers and correlations. */
  tellApart(from, to, count) {
    const length = this.ids.length, inside = to - from, outside = length - inside, found = [];
    for (let cell = 0; cell < this.size; cell++) {
      let sum = 0, squares = 0, within = 0;
      for (let at = 0; at < length; at++) {
        const value = this.cells[at * this.size + cell];
        sum += value;
        squares += value * value;
        if (at >= from && at < to) within += value;
      }
      const spread = Math.sqrt(Math.max(squares / length - (sum / length) ** 2, 0));
      if (!(spread > 0)) continue;
      const r = ((within / inside - (sum - within) / outside) / spread) * (Math.sqrt(inside * outside) / length);
      found.push([cell, r]);
    }
    return found.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, count);
  }
}

/** The page of one text. Elements are made one by one, and text is only ever text: nothing that is written can run. */
class Sheet {
  constructor(vocabulary, isPosting) {
    Object.assign(this, { vocabulary, isPosting, tint: null, turns: new Set() });
    this.body = element("div", "letters");
    this.body.setAttribute("aria-hidden", "true");
  }

  /** Begin an empty text. `raw` shows the markup as the network writes it. */
  begin(reading, raw) {
    const fresh = { shown: 0, letters: [], of: new WeakMap(), mark: null, cursor: -1, anchor: undefined };
    Object.assign(this, { reading, raw: raw || !this.isPosting, ...fresh });
    this.body.replaceChildren();
    this.body.classList.toggle("raw", this.raw);
    this.stack = [{ tag: "", node: this.body }];
    this.line = null;
  }

  /** Show the text up to a character. */
  show(end) {
    for (; this.shown < end; this.shown++) this.raw ? this.addRaw(this.shown) : this.addMarkup(this.shown);
  }

  addRaw(at) {
    const char = this.vocabulary.chars[this.reading.ids[at]];
    this.line ??= this.body.appendChild(element("div", "line"));
    this.line.dir = "auto";
    this.add(this.line, char !== "\n" ? char : this.isPosting ? "\u21b5" : " ", at, at + 1);
    if (char === "\n") this.line = null;
  }

  /** Read one character of markup: part of a tag or an entity, or a letter. */
  addMarkup(at) {
    const char = this.vocabulary.chars[this.reading.ids[at]];
    if (this.mark !== null) {
      const mark = (this.mark += char);
      if (!(char === ">" && mark[0] === "<") && !(char === ";" && mark[0] === "&")) {
        if (mark.length > 8 || char === "\n" || char === " ") this.giveUp(at);
        return;
      }
      this.mark = null;
      if (mark[0] === "<") return this.addTag(mark, at);
      const entity = { "&amp;": "&", "&lt;": "<", "&gt;": ">" }[mark] ?? mark;
      return this.add(this.inside(), entity, at + 1 - mark.length, at + 1);
    }
    if (char === "<" || char === "&") this.mark = char;
    else if (char !== "\n") this.add(this.inside(), char, at, at + 1);
  }

  /** Show what turned out to be no tag as letters. */
  giveUp(at) {
    const mark = this.mark;
    this.mark = null;
    Array.from(mark).forEach((char, k) => this.add(this.inside(), char, at + 1 - mark.length + k, at + 2 - mark.length + k));
  }

  addTag(mark, at) {
    const [, closing, name] = mark.match(/^<(\/?)([a-z0-9]+)\/?>$/) ?? [];
    if (name === "html") return;
    if (name === "br") return void this.inside().append(document.createElement("br"));
    if (!Object.hasOwn(TITLES, name ?? "")) {
      this.mark = mark;
      return this.giveUp(at);
    }
    if (closing) {
      const open = this.stack.map(({ tag }) => tag).lastIndexOf(name);
      if (open > 0) this.stack.length = open;
      return;
    }
    const node = element(TITLES[name], { h1: "title", h2: "company", h3: "location" }[name] ?? "");
    this.stack.at(-1).node.append(node);
    this.stack.push({ tag: name, node });
  }

  inside() {
    return this.stack.at(-1).node;
  }

  add(parent, char, from, to) {
    const node = document.createElement("i");
    node.textContent = char;
    const letter = { node, from, to };
    this.of.set(node, this.letters.length);
    this.letters.push(letter);
    this.colour(letter);
    parent.append(node);
  }

  /** Tint all letters: by surprise, by the value of a cell, or not at all. `tint` is {by: "surprise"}, {cell} or null. */
  recolour(tint) {
    this.tint = tint;
    for (const letter of this.letters) this.colour(letter);
  }

  colour(letter) {
    const { node, from, to } = letter, { tint, reading } = this;
    let name = "";
    if (tint && tint.by === "surprise") name = `s${LEVELS.filter((bits) => this.bits(from, to) >= bits).length}`;
    else if (tint) {
      const value = reading.cell(to - 1, tint.cell);
      name = value >= 0 ? `on${Math.min(3, Math.floor(value * 4))}` : `off${Math.min(3, Math.floor(-value * 4))}`;
    }
    if (this.turns.has(from)) name += " turn";
    if (letter.marked) name += " marked";
    if (this.letters[this.cursor] === letter) name += " at";
    if (node.className !== name) node.className = name;
  }

  bits(from, to) {
    let sum = 0;
    for (let at = from; at < to; at++) sum += this.reading.nats[at];
    return sum / Math.LN2;
  }

  /** Move the cursor to a letter, or take it away with -1. */
  point(index) {
    const before = this.letters[this.cursor];
    this.cursor = Math.max(-1, Math.min(index, this.letters.length - 1));
    if (before) this.colour(before);
    const now = this.letters[this.cursor];
    if (now) {
      this.colour(now);
      now.node.scrollIntoView({ block: "nearest" });
    }
    return now;
  }

  /** Mark the letters from one to another, both included. */
  select(first, last) {
    this.letters.forEach((letter, index) => {
      const marked = index >= first && index <= last;
      if (Boolean(letter.marked) === marked) return;
      letter.marked = marked;
      this.colour(letter);
    });
  }

  /** Return the text so far, as it is read aloud and copied. */
  plain() {
    const lines = [];
    let block = null;
    for (const { node } of this.letters) {
      const own = node.closest("h2, h3, p, li, .line");
      if (own !== block) lines.push("");
      block = own;
      lines[lines.length - 1] += node.textContent;
    }
    return lines;
  }

  /** Return the most surprising words: each with its bits. */
  surprisingWords(count) {
    const { ids, nats } = this.reading, best = new Map();
    const text = this.vocabulary.decode(ids.slice(0, this.shown));
    const chars = Array.from(text);
    let word = "", bits = 0, inTag = false;
    for (let at = 0; at <= chars.length; at++) {
      const char = chars[at] ?? " ";
      if (/[\p{L}\p{N}'’&;.,\-]/u.test(char) && !inTag) {
        word += char;
        bits += nats[at] / Math.LN2;
        continue;
      }
      word = word.replace(/[.,;]+$/, "").replace("&amp", "&");
      if (/[\p{L}\p{N}]/u.test(word) && bits > (best.get(word) ?? 0)) best.set(word, bits);
      inTag = this.isPosting && (char === "<" || (inTag && char !== ">"));
      word = "";
      bits = 0;
    }
    return [...best].sort((a, b) => b[1] - a[1]).slice(0, count);
  }
}

/** Return a new element with a class and texts or elements inside. */
function element(tag, name = "", ...inside) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...inside);
  return made;
}

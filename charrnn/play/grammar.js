// The grammar of postings as a table of states, made by `grammar_table.py`, and the texts that a person types.

/** The automaton: which characters may come next, and how long the shortest way to the end is. */
class Grammar {
  static NONE = 0xffff;

  constructor(bytes, { states, classes, characters }) {
    this.classes = classes;
    this.after = new Uint16Array(bytes.slice(0, 2 * states * classes).buffer);
    this.shortest = bytes.slice(2 * states * classes, 2 * states * classes + states);
    this.classOf = bytes.slice(2 * states * classes + states);
    this.allowed = new Uint8Array(characters);
  }

  /** Return the state after a character; NONE where it may not come. */
  follow(state, id) {
    return state === Grammar.NONE ? state : this.after[state * this.classes + this.classOf[id]];
  }

  /** Return for each character whether it may come next if `budget` characters are left, it included. */
  allow(state, budget) {
    for (let id = 0; id < this.allowed.length; id++) {
      const next = this.follow(state, id);
      this.allowed[id] = next !== Grammar.NONE && this.shortest[next] < budget ? 1 : 0;
    }
    return this.allowed;
  }

  /** Return whether a document is complete. */
  ended(state) {
    return state !== Grammar.NONE && this.shortest[state] === 0;
  }
}

/** The characters that a network knows, and those that stand in for others. */
class Vocabulary {
  constructor(chars, equals) {
    this.chars = Array.from(chars);
    this.ids = new Map(this.chars.map((char, id) => [char, id]));
    this.equals = equals;
  }

  /** Return what is written for a character: itself, its nearest equal that the network knows, or "". */
  nearest(char) {
    if (this.ids.has(char)) return char;
    const plain = Object.hasOwn(this.equals, char) ? this.equals[char] : char.normalize("NFKD").replace(/\p{M}/gu, "");
    const swap = (text) => (text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase());
    const known = (text) => text && Array.from(text).every((each) => this.ids.has(each));
    return [plain, swap(char), swap(plain)].find(known) ?? "";
  }

  /** Return a text in characters that the network knows, and those that had to be left out. */
  fit(text) {
    const missing = new Set();
    const fitted = Array.from(text, (char) => {
      const near = this.nearest(char);
      if (!near) missing.add(char);
      return near;
    });
    return [fitted.join(""), [...missing]];
  }

  encode(text) {
    return Array.from(text, (char) => this.ids.get(char)).filter((id) => id !== undefined);
  }

  decode(ids) {
    return Array.from(ids, (id) => this.chars[id]).join("");
  }
}

/** Return plain text as bare markup has it: one space for any white space, and three characters as entities. */
function escapeMarkup(plain) {
  const shown = plain.normalize("NFC").replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\s]+/gu, (run) => (/\s/.test(run) ? " " : "")).trim();
  return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Return a pasted text as a document: its first line is the title, a line after a bullet is an item of a list. */
function documentOf(pasted) {
  if (pasted.trimStart().startsWith("<html>")) return pasted.trimStart().replaceAll("\r\n", "\n");
  const [title = "", ...lines] = pasted.split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);
  let made = `<html>\n<h1>${escapeMarkup(title)}</h1>\n`, inList = false;
  for (const line of lines) {
    const [, bullet, text] = line.match(/^([-*•·–]\s+)?(.*)$/su);
    if (!escapeMarkup(text)) continue;
    if (Boolean(bullet) !== inList) made += bullet ? "<ul>\n" : "</ul>\n";
    inList = Boolean(bullet);
    made += inList ? `<li>${escapeMarkup(text)}</li>\n` : `<p>${escapeMarkup(text)}</p>\n`;
  }
  return `${made}${inList ? "</ul>\n" : ""}</html>\n`;
}

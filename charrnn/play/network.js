"use strict";
// The network: its weights, its arithmetic with and without WebAssembly, and the choice of a character.
// Everything here gives the same bits in every browser: no Math.exp, no Math.tanh, no Math.random.

/** Random numbers by Philox4x32-10 (Salmon et al. 2011): a function of a seed and a position, without any state. */
class Philox {
  /** Return four random integers of 32 bits for a key of two and a counter of four. */
  static block([k0, k1], [a, b, c, d]) {
    for (let round = 0; round < 10; round++) {
      const high0 = Philox.high(0xd2511f53, a), low0 = Math.imul(0xd2511f53, a);
      const high1 = Philox.high(0xcd9e8d57, c), low1 = Math.imul(0xcd9e8d57, c);
      a = high1 ^ b ^ k0;
      c = high0 ^ d ^ k1;
      b = low1;
      d = low0;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
  }

  /** Return the upper 32 bits of the product of two integers of 32 bits. */
  static high(x, y) {
    const x1 = x >>> 16, x0 = x & 0xffff, y1 = y >>> 16, y0 = y & 0xffff;
    const middle = x1 * y0 + ((x0 * y0) >>> 16), lower = x0 * y1 + (middle & 0xffff); // each below 2^32
    return (x1 * y1 + (middle >>> 16) + (lower >>> 16)) | 0;
  }

  /** Return two numbers in [0, 1) for the character at a position of the text that a seed gives. */
  static pair(seed, position) {
    const [a, b, c, d] = Philox.block([seed >>> 0, Math.floor(seed / 4294967296)], [position, 0, 0, 0]);
    return [((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992, ((c >>> 5) * 67108864 + (d >>> 6)) / 9007199254740992];
  }
}

/** exp(x) in float64 for x <= 0: a power of two, times a polynomial between -ln(2) / 2 and ln(2) / 2. */
class Exp {
  static powers = Float64Array.from({ length: 1023 }, (_, k) => 2 ** -k); // exact in every browser: powers of two
  static factors = [1 / 479001600, 1 / 39916800, 1 / 3628800, 1 / 362880, 1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1, 1];

  static of(x) {
    if (!(x > -708)) return 0;
    const k = Math.floor(x * 1.4426950408889634 + 0.5);
    const rest = x - k * 0.6931471803691238 - k * 1.9082149292705877e-10;
    let sum = Exp.factors[0];
    for (let at = 1; at < 13; at++) sum = sum * rest + Exp.factors[at];
    return sum * Exp.powers[-k];
  }
}

/**
 * The arithmetic of `kernel.wat` in JavaScript, on the same memory, to the same bits.
 *
 * A number in float64 holds the weights of two rows, one of them times 2^27, so that one multiplication serves both.
 * The sum of 64 products of 8 and 14 bits stays below 2^26, so both sums come out of it exactly.
 */
class PlainKernel {
  static SECOND = 2 ** 27; // times which a pair has its second weight
  static COLUMNS = 64; // that are summed before the two sums are taken apart

  constructor(memory) {
    this.bytes = new Int8Array(memory);
    this.words = new Int16Array(memory);
    this.floats = new Float32Array(memory);
    this.pairs = new Map(); // of each matrix, by where its weights begin
    this.inputs = new Float64Array(0);
    this.sums = new Float64Array(8);
  }

  /** Return a matrix in pairs: of each eight rows, the four pairs of each column. */
  pair(weights, rows, columns) {
    const made = new Float64Array((rows * columns) / 2);
    for (let row = 0, at = 0; row < rows; row += 8) {
      for (let column = 0; column < columns; column++) {
        for (let first = weights + row * columns + column, k = 0; k < 4; k++, first += 2 * columns) {
          made[at++] = this.bytes[first] + this.bytes[first + columns] * PlainKernel.SECOND;
        }
      }
    }
    this.pairs.set(weights, made);
    return made;
  }

  product(weights, x, scale, bias, out, rows, columns) {
    const { floats, sums } = this, f = Math.fround;
    const pairs = this.pairs.get(weights) ?? this.pair(weights, rows, columns);
    if (this.inputs.length < columns) this.inputs = new Float64Array(columns);
    const inputs = this.inputs;
    inputs.set(this.words.subarray(x >> 1, (x >> 1) + columns));
    scale >>= 2; bias >>= 2; out >>= 2;
    for (let row = 0, at = 0; row < rows; row += 8) { // rows by two columns: what a processor's registers hold
      sums.fill(0);
      for (let column = 0; column < columns; ) {
        const end = Math.min(column + PlainKernel.COLUMNS, columns);
        let a = 0, b = 0, c = 0, d = 0;
        for (; column < end; column += 2, at += 8) {
          const p = inputs[column], q = inputs[column + 1];
          a += pairs[at] * p + pairs[at + 4] * q;
          b += pairs[at + 1] * p + pairs[at + 5] * q;
          c += pairs[at + 2] * p + pairs[at + 6] * q;
          d += pairs[at + 3] * p + pairs[at + 7] * q;
        }
        this.add(0, a);
        this.add(2, b);
        this.add(4, c);
        this.add(6, d);
      }
      for (let k = 0; k < 8; k++) floats[out + row + k] = f(f(sums[k]) * floats[scale + row + k]) + floats[bias + row + k];
    }
  }

  /** Add the two sums that a number holds to those of two rows. */
  add(row, both) {
    const second = Math.floor(both / PlainKernel.SECOND + 0.5);
    this.sums[row] += both - second * PlainKernel.SECOND;
    this.sums[row + 1] += second;
  }

  advance(gates, cell, shown, hidden, size, levels) {
    const { words, floats } = this, { tanh, sigmoid } = PlainKernel, f = Math.fround;
    gates >>= 2; cell >>= 2; shown >>= 2; hidden >>= 1;
    for (let unit = 0; unit < size; unit++) {
      const kept = f(sigmoid(floats[gates + unit]) * floats[cell + unit]);
      const added = f(sigmoid(floats[gates + size + unit]) * tanh(floats[gates + 3 * size + unit]));
      floats[cell + unit] = kept + added;
      const seen = tanh(floats[cell + unit]);
      floats[shown + unit] = seen;
      const value = f(f(sigmoid(floats[gates + 2 * size + unit]) * seen) * levels);
      words[hidden + unit] = f(value + 12582912) - 12582912; // the nearest integer, the even one of two
    }
  }

  static tanh(x) {
    const f = Math.fround, most = f(7.905311);
    x = Math.max(-most, Math.min(most, x));
    const s = f(x * x);
    let top = f(-2.76076847742355e-16);
    top = f(f(top * s) + f(2.00018790482477e-13));
    top = f(f(top * s) + f(-8.60467152213735e-11));
    top = f(f(top * s) + f(5.12229709037114e-08));
    top = f(f(top * s) + f(1.48572235717979e-05));
    top = f(f(top * s) + f(6.37261928875436e-04));
    top = f(f(top * s) + f(4.89352455891786e-03));
    let bottom = f(1.19825839466702e-06);
    bottom = f(f(bottom * s) + f(1.18534705686654e-04));
    bottom = f(f(bottom * s) + f(2.26843463243900e-03));
    bottom = f(f(bottom * s) + f(4.89352518554385e-03));
    return f(f(x * top) / bottom);
  }

  static sigmoid(half) {
    return Math.fround(Math.fround(PlainKernel.tanh(half) * 0.5) + 0.5);
  }
}

/** A network in one block of memory. `head` is its shape, `bytes` what `weights.py` wrote, `module` the kernel or null. */
class Network {
  constructor(head, bytes, module) {
    Object.assign(this, head); // layers, size, characters, rows, levels
    this.cells = this.layers * this.size;
    this.used = 0;
    const gates = 4 * this.size;
    const shapes = Array.from({ length: this.layers }, (_, layer) => [gates, layer ? 2 * this.size : this.size]);
    shapes.push([this.rows, this.size]);
    this.products = shapes.map(([rows, columns]) => ({ rows, columns, weights: this.take(rows * columns) }));
    for (const product of this.products) product.scale = this.take(4 * product.rows);
    for (const product of this.products) product.bias = this.take(4 * product.rows);
    this.table = this.take(4 * this.characters * gates);
    this.gates = this.take(4 * gates);
    this.logitsAt = this.take(4 * this.rows);
    this.cellAt = this.take(4 * this.cells);
    this.shownAt = this.take(4 * this.cells);
    this.hidden = this.take(2 * this.cells);
    this.setUp(module);
    this.load(bytes);
  }

  take(bytes) {
    const start = this.used;
    this.used += Math.ceil(bytes / 16) * 16;
    return start;
  }

  setUp(module) {
    const pages = Math.ceil(this.used / 65536);
    if (module) {
      const memory = new WebAssembly.Memory({ initial: pages });
      this.kernel = new WebAssembly.Instance(module, { host: { memory } }).exports;
      this.memory = memory.buffer;
    } else {
      this.memory = new ArrayBuffer(pages * 65536);
      this.kernel = new PlainKernel(this.memory);
    }
    this.logits = new Float32Array(this.memory, this.logitsAt, this.characters);
    this.shown = new Float32Array(this.memory, this.shownAt, this.cells);
  }

  /** Put the numbers of a page's network into place, and expand the table to float32. */
  load(bytes) {
    const all = new Uint8Array(this.memory), gates = 4 * this.size;
    let at = 0;
    for (const { rows, columns, weights } of this.products) {
      all.set(bytes.subarray(at, at + rows * columns), weights);
      at += rows * columns;
    }
    const table = new Int8Array(bytes.buffer, bytes.byteOffset + at, this.characters * gates);
    at += table.length;
    for (const { rows, scale, bias } of this.products) {
      all.set(bytes.subarray(at, at + 4 * rows), scale);
      all.set(bytes.subarray(at + 4 * rows, at + 8 * rows), bias);
      at += 8 * rows;
    }
    const scales = new Float32Array(bytes.slice(at, at + 4 * gates).buffer);
    const bias = new Float32Array(this.memory, this.products[0].bias, gates);
    const expanded = new Float32Array(this.memory, this.table, table.length);
    for (let unit = 0; unit < table.length; unit++) {
      expanded[unit] = Math.fround(table[unit] * scales[unit % gates]) + bias[unit % gates];
    }
  }

  reset() {
    new Uint8Array(this.memory, this.cellAt, 4 * this.cells).fill(0);
    new Uint8Array(this.memory, this.hidden, 2 * this.cells).fill(0);
  }

  /** Feed the character with an id; `logits` are then those of the next, and `shown` the tanh of every cell. */
  step(id) {
    const { kernel, size, products, layers } = this;
    for (let layer = 0; layer < layers; layer++) {
      const { weights, scale, bias, rows, columns } = products[layer];
      const own = this.hidden + 2 * layer * size;
      const below = layer ? own - 2 * size : own;
      kernel.product(weights, below, scale, layer ? bias : this.table + 4 * id * rows, this.gates, rows, columns);
      kernel.advance(this.gates, this.cellAt + 4 * layer * size, this.shownAt + 4 * layer * size, own, size, this.levels);
    }
    const { weights, scale, bias, rows, columns } = products[layers];
    kernel.product(weights, this.hidden + 2 * (layers - 1) * size, scale, bias, this.logitsAt, rows, columns);
  }

  /** Return how many bytes a network of this shape has in a page. */
  static bytes({ layers, size, characters, rows }) {
    const gates = 4 * size;
    return gates * size * (2 * layers - 1) + rows * size + characters * gates + 8 * (layers * gates + rows) + 4 * gates;
  }

  /** Return the numbers of a network that has learned nothing: PyTorch's first weights, uniform in 1 / sqrt(size). */
  static untrained(head) {
    const bytes = new Uint8Array(Network.bytes(head)), { layers, size, characters, rows, levels } = head;
    const integers = 4 * size * size * (2 * layers - 1) + rows * size + characters * 4 * size;
    const words = new Uint32Array(4), block = new Int8Array(words.buffer);
    for (let at = 0; at < integers; at += 16) {
      words.set(Philox.block([0, 0], [at / 16, 0, 0, 1]));
      for (let k = 0; k < 16 && at + k < integers; k++) bytes[at + k] = Math.max(block[k], -127);
    }
    const level = Math.fround(1 / Math.sqrt(size) / 127), halved = (row) => (row < 3 * size ? level / 2 : level);
    const floats = [];
    for (let layer = 0; layer < layers; layer++) {
      for (let row = 0; row < 4 * size; row++) floats.push(halved(row) / levels);
      for (let row = 0; row < 4 * size; row++) floats.push(0);
    }
    for (let row = 0; row < rows; row++) floats.push(level / levels);
    for (let row = 0; row < rows; row++) floats.push(0);
    for (let row = 0; row < 4 * size; row++) floats.push(halved(row));
    bytes.set(new Uint8Array(Float32Array.from(floats).buffer), integers);
    return bytes;
  }
}

/** The distribution of the next character, and draws from it. */
class Chances {
  constructor(characters) {
    this.plain = new Float64Array(characters); // relative to the likeliest, at temperature 1
    this.tempered = new Float64Array(characters);
    this.within = new Float64Array(characters);
  }

  /** Take the logits of the next character. */
  of(logits) {
    this.logits = logits;
    let most = -Infinity;
    for (const logit of logits) if (logit > most) most = logit;
    this.most = most;
    this.sum = this.weigh(this.plain, 1, most, null);
  }

  /** Fill `into` with exp((logit - most) / temperature), 0 for what is not allowed; return the sum. */
  weigh(into, temperature, most, allowed) {
    let sum = 0;
    for (let id = 0; id < into.length; id++) {
      into[id] = allowed && !allowed[id] ? 0 : Exp.of((this.logits[id] - most) / temperature);
      sum += into[id];
    }
    return sum;
  }

  /** Return a character's probability at temperature 1. */
  probability(id) {
    return this.plain[id] / this.sum;
  }

  /**
   * Draw a character. The first uniform number draws from all; where that gives a forbidden one, the second draws from
   * the allowed ones. So the grammar changes a text only where it has to.
   */
  draw([first, second], rule, allowed) {
    const chosen = this.pick(this.tempered, first, this.most, rule, null);
    if (!allowed || allowed[chosen]) return chosen;
    let most = -Infinity;
    for (let id = 0; id < this.logits.length; id++) if (allowed[id] && this.logits[id] > most) most = this.logits[id];
    return this.pick(this.within, second, most, rule, allowed);
  }

  pick(weights, uniform, most, { temperature, topP, minP }, allowed) {
    if (temperature === 0) {
      for (let id = 0; id < this.logits.length; id++) if (this.logits[id] === most && (!allowed || allowed[id])) return id;
    }
    let sum = this.weigh(weights, temperature, most, allowed);
    if (topP < 1) sum = Chances.keepTop(weights, topP * sum);
    if (minP > 0) sum = Chances.keepLikely(weights, minP); // the likeliest weighs 1
    let height = 0, last = 0;
    for (let id = 0; id < weights.length; id++) {
      height += weights[id];
      if (weights[id] > 0) last = id;
      if (height > uniform * sum) return id;
    }
    return last; // where rounding leaves the sum a little above the height
  }

  /** Set to 0 all but the likeliest that together reach `share`; return the sum of what is left. */
  static keepTop(weights, share) {
    const kept = [];
    let height = 0;
    do {
      let best = 0;
      for (let id = 1; id < weights.length; id++) if (weights[id] > weights[best]) best = id;
      if (!(weights[best] > 0)) break;
      kept.push([best, weights[best]]);
      height += weights[best];
      weights[best] = 0;
    } while (height < share);
    for (const [id, weight] of kept) weights[id] = weight;
    return height;
  }

  /** Set to 0 all that weigh less than `least`; return the sum of what is left. */
  static keepLikely(weights, least) {
    let sum = 0;
    for (let id = 0; id < weights.length; id++) {
      if (weights[id] < least) weights[id] = 0;
      sum += weights[id];
    }
    return sum;
  }

  /** Return the ids of the `count` likeliest characters, the likeliest first. */
  likeliest(count) {
    const found = [];
    for (let id = 0; id < this.plain.length; id++) {
      let at = found.length;
      while (at > 0 && this.plain[id] > this.plain[found[at - 1]]) at--;
      if (at < count) {
        found.splice(at, 0, id);
        if (found.length > count) found.pop();
      }
    }
    return found;
  }
}

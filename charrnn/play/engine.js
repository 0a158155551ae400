// The engine: networks that write and read, in a worker where the browser has one, else in slices on the page.

const TOP = 8; // characters whose chances are kept for each place
const ROOM = 256; // characters that are sent at once, at most

/** Return the bytes of a base64 text. */
function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** Return the bytes that were deflated and written in base64. */
async function inflate(text) {
  const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A text that a network writes or reads, and what it thought at each character. */
class Job {
  /**
   * `order`: id; network; warmUp, the ids that are read before the text; parts, of which each is either text to be
   * read or an end that the network writes up to; then the network writes on, up to `length` characters, unless `only`
   * says that it stops there, or to a `stop` from `stopFrom` characters on. seed, temperature, topP, minP and masked
   * are the settings. From each of `turns` on, others count: {at, seed, temperature, topP, minP}, and no parts.
   */
  constructor(order, network, grammar, chances) {
    Object.assign(this, { order, network, chances, part: 0, inPart: 0, at: 0, turn: 0, state: 0, over: false });
    this.rule = order;
    this.grammar = order.masked ? grammar : null;
    this.known = order.parts.reduce((sum, part) => sum + (part.text ? part.text.length : 0), 0);
    this.end = order.length + this.known;
    this.written = [];
    this.clear();
    network.reset();
    for (const id of order.warmUp) network.step(id);
    chances.of(network.logits);
  }

  /** Make room for what is thought of the next characters. */
  clear() {
    this.from = this.at;
    this.out = {
      ids: new Uint16Array(ROOM), nats: new Float32Array(ROOM), tops: new Uint16Array(TOP * ROOM),
      chances: new Float32Array(TOP * ROOM), forbidden: new Uint8Array(TOP * ROOM),
      cells: new Int8Array(this.network.cells * ROOM),
    };
  }

  get isFull() {
    return this.at - this.from === ROOM;
  }

  /** Add one character to the text. */
  advance() {
    const { order, network, chances, out } = this;
    while (order.turns[this.turn]?.at <= this.at) this.takeTurn(order.turns[this.turn++]);
    const part = order.parts[this.part];
    const limit = part && part.until ? this.lineEnd ??= this.at + order.lineLength : this.end;
    const holds = this.grammar && this.state !== Grammar.NONE && !(part && part.text);
    const allowed = holds ? this.grammar.allow(this.state, limit - this.at) : null;
    const id = part && part.text ? part.text[this.inPart] : chances.draw(Philox.pair(this.rule.seed, this.at), this.rule, allowed);
    const row = this.at - this.from;
    out.ids[row] = id;
    out.nats[row] = -Math.log(chances.probability(id));
    chances.likeliest(TOP).forEach((likely, rank) => {
      out.tops[TOP * row + rank] = likely;
      out.chances[TOP * row + rank] = chances.probability(likely);
      out.forbidden[TOP * row + rank] = allowed && !allowed[likely] ? 1 : 0;
    });
    network.step(id);
    chances.of(network.logits);
    for (let cell = 0, start = row * network.cells; cell < network.cells; cell++) {
      out.cells[start + cell] = network.shown[cell] * 127;
    }
    this.at++;
    if (this.grammar) this.state = this.grammar.follow(this.state, id);
    this.written.push(id);
    this.finishPart(part);
  }

  /** Go on by other settings. What was given and is not yet read is left out. */
  takeTurn(turn) {
    this.rule = turn;
    if (this.part === this.order.parts.length) return;
    this.part = this.order.parts.length;
    this.known = this.at;
    this.end = this.order.length + this.at;
  }

  finishPart(part) {
    const { order } = this;
    if (part && part.text) {
      if (++this.inPart === part.text.length) this.part++, (this.inPart = 0);
    } else if (part && this.endsWith(part.until)) {
      this.part++;
      this.lineEnd = undefined;
    }
    if (this.part === order.parts.length) this.begins ??= this.at;
    if (this.part < order.parts.length) {
      this.over = this.at >= this.end + order.lineLength * 3; // a line without an end, written without the grammar
      return;
    }
    this.finished = this.endsWith(order.stop) && this.at - this.known >= order.stopFrom;
    this.over = order.only || this.at >= this.end || this.finished;
  }

  endsWith(tail) {
    const start = this.written.length - tail.length;
    return tail.length > 0 && start >= 0 && tail.every((id, at) => this.written[start + at] === id);
  }

  /** Return what was added since the last call, as a message, and its buffers. */
  take() {
    const { out, from } = this, count = this.at - from, made = {};
    for (const [name, each] of Object.entries(out)) made[name] = each.slice(0, (each.length / ROOM) * count);
    const buffers = Object.values(made).map((each) => each.buffer);
    this.clear();
    return [{ kind: "batch", id: this.order.id, from, over: this.over, finished: Boolean(this.finished), begins: this.begins, ...made }, buffers];
  }
}

/** Runs jobs one after the other, a slice of time at once, and sends what they made. */
class Engine {
  /** `send` takes a message and the buffers to hand over, `slice` is in milliseconds, `later` calls back soon. */
  constructor(send, slice, later) {
    Object.assign(this, { send, slice, later, networks: new Map(), jobs: [], job: null, waiting: false });
    this.ready = Promise.resolve();
  }

  /** Do nothing any more, and forget the networks. */
  close() {
    this.closed = true;
    this.jobs = [];
    this.job = null;
    this.networks.clear();
  }

  /** Obey a message, after all earlier ones. */
  receive(message) {
    if (message.kind === "stop") this.jobs = this.jobs.filter((order) => order.id > message.id), this.stopped = message.id;
    this.ready = this.ready.then(() => this[message.kind](message)).catch((error) => this.send({ kind: "error", text: String(error) }, []));
  }

  setup({ kernel, grammar }) {
    try {
      this.module = kernel ? new WebAssembly.Module(fromBase64(kernel)) : null;
    } catch {
      this.module = null; // no WebAssembly or no SIMD here: the same numbers, more slowly
    }
    this.unpacking = grammar && inflate(grammar.data).then((bytes) => (this.grammar = new Grammar(bytes, grammar)));
    this.send({ kind: "ready", fast: Boolean(this.module) }, []);
  }

  /** Load a network: from its data, or one that has learned nothing. */
  async load({ name, head, data }) {
    const [bytes] = await Promise.all([data ? inflate(data) : Network.untrained(head), this.unpacking]);
    if (!this.closed) this.networks.set(name, new Network(head, bytes, this.module));
    this.send({ kind: "loaded", name }, []);
  }

  run(order) {
    if (!(order.id <= this.stopped) && !this.closed) this.jobs.push(order);
    this.wake();
  }

  stop({ id }) {
    if (this.job && this.job.order.id <= id) this.job = null;
  }

  wake() {
    if (this.waiting || !(this.job || this.jobs.length)) return;
    this.waiting = true;
    this.later(() => {
      this.waiting = false;
      this.work();
      this.wake();
    });
  }

  work() {
    if (this.job && this.job.order.id <= this.stopped) this.job = null;
    if (!this.job) {
      const order = this.jobs.shift();
      if (!order) return;
      const network = this.networks.get(order.network);
      this.job = new Job(order, network, this.grammar, new Chances(network.characters));
    }
    const until = performance.now() + this.slice;
    while (!this.job.over && !this.job.isFull && performance.now() < until) this.job.advance();
    this.send(...this.job.take());
    if (this.job.over) this.job = null;
  }
}

/**
 * Start an engine in a worker that runs this same script, and one here: until the worker sends a text, which takes some
 * hundred milliseconds, this one writes the same letters. It is the only one where a worker is refused.
 * Return the function that sends messages to both.
 */
function startEngine(receive) {
  const here = new Engine((message) => here.closed || receive(message), 8, (call) => setTimeout(call, 0));
  let worker = null;
  try {
    const source = document.currentScript.textContent;
    worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => {
      if (data.kind === "batch") here.close();
      receive(data);
    };
    worker.onerror = () => {
      worker = null;
      if (here.closed) receive({ kind: "error", text: "the worker failed" });
    };
  } catch {
    worker = null;
  }
  return (message) => {
    worker?.postMessage(message);
    if (!here.closed) here.receive(message);
  };
}

if (typeof document === "undefined" && typeof self !== "undefined" && typeof postMessage === "function") {
  const { port1, port2 } = new MessageChannel();
  const calls = [];
  port1.onmessage = () => calls.shift()();
  const engine = new Engine((message, buffers) => postMessage(message, buffers), 25, (call) => {
    calls.push(call);
    port2.postMessage(null);
  });
  self.onmessage = ({ data }) => engine.receive(data);
}

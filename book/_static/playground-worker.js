// The worker of all playgrounds of a page: MicroPython, in which the package's own files run. The build puts
// MicroPython's loader before this text, as `micropython`, a promise of its function loadMicroPython; the page puts its
// binary and the package's files before that, as `given`.
(() => {
  "use strict";
  const HEAP = 24 * 1024 * 1024; // bytes
  const ROOT = "/package";
  // Doors out of a worker: to the network, to storage, to other workers.
  const DOORS = `fetch XMLHttpRequest WebSocket WebSocketStream EventSource WebTransport RTCPeerConnection importScripts
    Worker SharedWorker BroadcastChannel MessageChannel indexedDB caches cookieStore Notification FileReaderSync
    webkitRequestFileSystem webkitRequestFileSystemSync webkitResolveLocalFileSystemURL loadMicroPython`.split(/\s+/);
  // What MicroPython's module `js` stands on. Closed, its JavaScript objects have no attributes and calls give None.
  const REACH = `call0 call0_kwarg call1 call2 calln calln_kwarg create_promise js_get_iter js_reflect_construct
    js_subscr_load js_then_continue`.split(/\s+/); // these write what they found where their last argument points
  const REFUSE = `has_attr lookup_attr store_attr js_iter_next js_subscr_store js_then_reject js_then_resolve`.split(/\s+/);

  let memory, ask;
  let open = true;

  /** Take over what MicroPython asks of JavaScript, so that it can be cut off once the package is loaded. */
  function guard(imports) {
    const guarded = { ...imports };
    const door = (name, closed) => {
      const own = imports.env[name];
      if (!own) throw new Error(`MicroPython has no ${name}: another version than the one this was written for`);
      guarded.env[name] = (...given) => (open ? own(...given) : closed(...given));
    };
    guarded.env = { ...imports.env };
    const UNDEFINED = 0; // as MicroPython's proxies number the kinds of values
    for (const name of REACH) door(name, (...given) => void (new Uint32Array(memory.buffer)[given.at(-1) >> 2] = UNDEFINED));
    for (const name of REFUSE) door(name, () => 0);
    return guarded;
  }

  function close() {
    open = false;
    const places = [];
    for (let place = self; place; place = Object.getPrototypeOf(place)) places.push(place);
    for (const place of [...places, Object.getPrototypeOf(navigator)]) {
      for (const door of [...DOORS, "sendBeacon", "storage", "serviceWorker", "locks"]) delete place[door];
    }
    for (const door of DOORS) Object.defineProperty(self, door, { value: undefined, writable: false });
  }

  /** The bytes that the build has packed with gzip and written as base64. */
  async function unpacked(text) {
    const letters = atob(text);
    const bytes = new Uint8Array(letters.length);
    for (let k = 0; k < bytes.length; k++) bytes[k] = letters.charCodeAt(k);
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }

  async function load({ wasm, files }) {
    const code = await unpacked(wasm);
    // The loader would fetch its binary, which a page opened as a file may not; it is given what the page handed over.
    self.fetch = () => null;
    WebAssembly.instantiateStreaming = async (_, imports) => {
      const made = await WebAssembly.instantiate(code, guard(imports));
      memory = made.instance.exports.memory;
      return made;
    };
    const silent = () => {};
    const start = await micropython;
    const python = await start({ url: "micropython.wasm", heapsize: HEAP, stdout: silent, stderr: silent });
    const letters = new TextEncoder(); // the loader's own is slow before the browser has compiled it
    for (const [path, text] of Object.entries(files)) {
      const folders = `${ROOT}/${path}`.split("/").slice(1, -1);
      folders.forEach((_, i) => {
        const folder = "/" + folders.slice(0, i + 1).join("/");
        if (!python.FS.analyzePath(folder).exists) python.FS.mkdir(folder);
      });
      python.FS.writeFile(`${ROOT}/${path}`, letters.encode(text));
    }
    python.runPython(`import sys\nsys.path.append("${ROOT}")`);
    const live = python.pyimport("scratchoptim.live");
    const [answer, address] = [live.answer, live.address];
    ask = (request) => {
      const reply = JSON.parse(answer(JSON.stringify(request)));
      const begin = address();
      const numbers = new Float64Array(memory.buffer, begin, reply.count).slice();
      return [reply, numbers];
    };
    close();
  }

  /** A number as the 16 digits of its bits: MicroPython does not read every decimal number to the last bit. */
  function exact(value) {
    if (typeof value === "number") {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, value);
      return "float:" + view.getBigUint64(0).toString(16).padStart(16, "0");
    }
    if (Array.isArray(value)) return value.map(exact);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, exact(inner)]));
    }
    return value;
  }

  /** Run the optimizers one after the other; the page is told where one begins, so that it knows which does not end. */
  function run({ id, request }) {
    const { landscape, steps, seed = 0, x, y, noise, decay } = request;
    const common = { kind: "run", landscape, steps, seed, ...exact({ x, y, noise, decay }) };
    const runs = request.optimizers.map((one, index) => {
      if (one.source) self.postMessage({ type: "begins", id, index });
      const [reply, numbers] = ask({ ...common, optimizers: [{ ...one, settings: exact(one.settings) }] });
      const [{ count, left, error }] = reply.runs;
      const parts = { points: numbers.slice(0, 2 * count), losses: numbers.slice(2 * count, 3 * count), norms: numbers.slice(3 * count, 4 * count), companions: numbers.slice(4 * count) };
      return { ...parts, left, error };
    });
    return { type: "result", runs };
  }

  function grid({ landscape, box, nx, ny }) {
    return { type: "grid", values: ask({ kind: "grid", landscape, box: exact(box), nx, ny })[1] };
  }

  function traced({ type, request }) {
    const [reply, numbers] = ask({ kind: type, ...exact(request) });
    return { type, ...reply, numbers };
  }

  const KINDS = { run, grid, graph: traced, spectrum: traced };

  function fail(error, about) {
    const last = String(error?.message ?? error).trim().split("\n").at(-1); // of Python's traceback: the error itself
    self.postMessage({ type: "failed", message: last.replace(/^\w+Error: /, ""), ...about });
  }

  const loaded = load(given);
  self.onmessage = async ({ data }) => {
    const { type, id, key } = data;
    try {
      await loaded;
      self.postMessage({ ...KINDS[type](data), id, key });
    } catch (error) {
      fail(error, { id, key });
    }
  };
  loaded.then(() => self.postMessage({ type: "ready" }), fail);
})();

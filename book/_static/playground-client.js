// The one worker of a page, in which the package's own Python runs. Playgrounds ask it; only the newest question of each
// is answered, so that a slider that moves quickly never leaves a queue behind.
(() => {
  const here = document.currentScript.src;
  const PATIENCE = { edited: 1000, own: 20000 }; // ms until a run without an answer is stopped
  const STRIPS = 8; // a map is computed in strips, between which runs get their turn

  const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

  class Client {
    constructor() {
      this.waiting = new Map(); // playground -> its newest question
      this.strips = []; // of maps, which wait until nobody asks for a run
      this.maps = new Map();
      this.flight = this.worker = null;
      this.serial = 0;
    }

    /** Load the package and start its Python, once. Resolves to the data of the package: catalog, landscapes. */
    start() {
      this.started ??= this.fetch().then((data) => {
        this.data = data;
        this.wasm = bytes(data.wasm);
        return this.spawn().then(() => data);
      });
      return this.started;
    }

    fetch() {
      return new Promise((resolve, reject) => {
        if (globalThis.SCRATCHOPTIM) return resolve(globalThis.SCRATCHOPTIM);
        const script = document.createElement("script"); // works from a file too, where fetch is refused
        script.src = new URL("playground-data.js", here);
        script.onload = () => resolve(globalThis.SCRATCHOPTIM);
        script.onerror = () => reject(new Error("its data could not be loaded"));
        document.head.append(script);
      });
    }

    spawn() {
      return new Promise((resolve, reject) => {
        const address = URL.createObjectURL(new Blob([this.data.worker], { type: "text/javascript" }));
        const worker = new Worker(address);
        worker.onmessage = ({ data }) => {
          if (data.type === "ready") {
            URL.revokeObjectURL(address);
            this.worker = worker;
            resolve();
            this.pump();
          } else if (this.flight) this.answer(data);
          else if (data.type === "failed") reject(new Error(data.message));
        };
        worker.onerror = (event) => {
          event.preventDefault();
          reject(new Error(event.message || "its worker could not be started"));
          if (this.flight) this.answer({ type: "failed", message: event.message });
        };
        worker.postMessage({ type: "load", wasm: this.wasm, files: this.data.files });
      });
    }

    /** Ask for the runs of a playground. Resolves to {runs}, {stopped}, {failed}, or {old} if a newer question came. */
    run(key, request, edited, type = "run") {
      return new Promise((resolve) => {
        this.waiting.get(key)?.resolve({ old: true });
        this.waiting.set(key, { message: { type, key, request }, edited, resolve });
        this.pump();
      });
    }

    /** Ask for the values of a landscape on nx by ny points of a box, row by row from the smallest y. */
    map(landscape, box, nx, ny) {
      const name = JSON.stringify([landscape, box, nx, ny]);
      if (!this.maps.has(name)) {
        const values = new Float64Array(nx * ny);
        const [low, high] = box[1];
        const row = (j) => low + ((high - low) * j) / (ny - 1);
        const cuts = Array.from({ length: STRIPS + 1 }, (_, k) => Math.round((k * ny) / STRIPS));
        const parts = cuts.slice(1).map((end, k) => [cuts[k], end]);
        const jobs = parts.map(([begin, end]) => {
          const part = [box[0], [row(begin), row(end - 1)]];
          const message = { type: "grid", key: "map", landscape, box: part, nx, ny: end - begin };
          return new Promise((resolve) => this.strips.push({ message, resolve })).then((answer) => {
            if (!answer.values) throw new Error(answer.failed ?? "stopped");
            values.set(answer.values, begin * nx);
          });
        });
        this.maps.set(name, Promise.all(jobs).then(() => values));
        this.pump();
      }
      return this.maps.get(name);
    }

    pump() {
      if (this.flight || !this.worker) return;
      const [key] = this.waiting.keys();
      const job = key === undefined ? this.strips.shift() : this.waiting.get(key);
      if (!job) return;
      this.waiting.delete(key);
      this.flight = job;
      job.timer = setTimeout(() => this.stop(), job.edited ? PATIENCE.edited : PATIENCE.own);
      this.worker.postMessage({ ...job.message, id: ++this.serial });
    }

    answer(message) {
      const job = this.flight;
      if (message.id !== undefined && message.id !== this.serial) return;
      this.flight = null;
      clearTimeout(job.timer);
      job.resolve(message.type === "failed" ? { failed: message.message } : message);
      this.pump();
    }

    /** End a run that does not end by itself, with its worker, and start another worker. */
    stop() {
      const job = this.flight;
      this.worker.terminate();
      this.worker = this.flight = null;
      job.resolve({ stopped: true });
      this.spawn().catch((error) => {
        for (const other of [...this.waiting.values(), ...this.strips]) other.resolve({ failed: error.message });
        this.waiting.clear();
        this.strips = [];
      });
    }
  }

  const NEAR = 500; // pixels below the part of the page that is seen
  const client = new Client();
  globalThis.ScratchOptimParts = { client, NEAR };

  // Where a playground is near from the beginning, Python starts while the other scripts of the page are at work.
  const near = (box) => box.getBoundingClientRect().top < innerHeight + NEAR;
  if ([...document.querySelectorAll("optimizer-playground")].some(near)) client.start().catch(() => {});
})();

// The one worker of a page, in which the package's own Python runs. Playgrounds ask it; only the newest question of each
// is answered, so that a slider that moves quickly never leaves a queue behind.
(() => {
  const here = document.currentScript.src;
  const PATIENCE = { edited: 1000, own: 20000 }; // ms until a run without an answer is stopped
  const STRIPS = 8; // a map is computed in strips, between which runs get their turn

  class Client {
    constructor() {
      this.waiting = new Map(); // playground -> its newest question
      this.strips = []; // of maps, which wait until nobody asks for a run
      this.maps = new Map();
      this.flight = this.worker = null;
      this.running = false; // Python, in the worker
      this.serial = 0;
    }

    /** Load the package and start its Python, once. Resolves to the data of the package: catalog, landscapes. */
    start() {
      this.started ??= this.fetch().then((data) => {
        this.data = data;
        this.spawned = this.spawn();
        return data;
      });
      return this.started;
    }

    /** The same, and wait until Python runs. */
    async ready() {
      await this.start();
      await this.spawned;
      if (this.broken) throw new Error(this.broken);
    }

    /** The script of the data, which a page at whose top a playground stands has itself. */
    get asked() {
      return document.querySelector("script[src*='playground-data.js']");
    }

    fetch() {
      return new Promise((resolve, reject) => {
        if (globalThis.SCRATCHOPTIM) return resolve(globalThis.SCRATCHOPTIM);
        const ended = () =>
          globalThis.SCRATCHOPTIM ? resolve(globalThis.SCRATCHOPTIM) : reject(new Error("its data could not be loaded"));
        const { asked } = this;
        if (asked && document.readyState === "complete") return ended();
        if (asked) addEventListener("load", ended);
        const script = asked ?? document.createElement("script"); // works from a file too, where fetch is refused
        script.addEventListener("load", ended);
        script.addEventListener("error", ended);
        if (asked) return;
        script.src = new URL("playground-data.js", here);
        document.head.append(script);
      });
    }

    /** Take the worker that came with the data, or start another one. It keeps a question until its Python runs. */
    async spawn() {
      const worker = (this.worker = this.data.first ?? this.data.spawn());
      this.data.first = null;
      this.running = false;
      worker.onmessage = ({ data }) => this.flight && data.type !== "ready" && this.answer(data);
      worker.onerror = (event) => {
        event.preventDefault();
        if (this.flight) this.answer({ type: "failed", message: event.message });
      };
      this.pump();
      try {
        await worker.ready;
        this.running = true;
        this.time();
      } catch (error) {
        this.broken = error.message;
        for (const other of [...this.waiting.values(), ...this.strips]) other.resolve({ failed: error.message });
        this.waiting.clear();
        this.strips = [];
      }
    }

    /** Ask for the runs of a playground.
     * Resolves to {runs}, {failed}, {stopped, begun: the place of the optimizer that did not come to an end}, or {old}
     * if a newer question came. */
    run(key, request, edited, type = "run") {
      if (this.broken) return Promise.resolve({ failed: this.broken });
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
      this.worker.postMessage({ ...job.message, id: ++this.serial });
      this.time();
    }

    /** Wait for the answer to what is asked, from when Python runs. */
    time() {
      const job = this.flight;
      if (job && this.running) job.timer = setTimeout(() => this.stop(), job.edited ? PATIENCE.edited : PATIENCE.own);
    }

    answer(message) {
      const job = this.flight;
      if (message.id !== undefined && message.id !== this.serial) return;
      if (message.type === "begins") return void (job.begun = message.index);
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
      job.resolve({ stopped: true, begun: job.begun ?? 0 });
      this.spawn();
    }
  }

  const NEAR = 500; // pixels below the part of the page that is seen
  globalThis.ScratchOptimParts = { client: new Client(), NEAR };
})();

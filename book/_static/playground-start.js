// The end of the playgrounds' data: with it comes the first worker, so that Python starts before the page's other scripts.
(() => {
  const data = globalThis.SCRATCHOPTIM;

  /** A new worker; its `ready` resolves when Python runs in it. */
  data.spawn = () => {
    const given = JSON.stringify({ wasm: data.wasm, files: data.files });
    // In its text and not in a message, which would come only when the page has time for it.
    const text = [`const given = ${given};`, data.worker];
    const address = URL.createObjectURL(new Blob(text, { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.ready = new Promise((resolve, reject) => {
      const first = ({ data: said }) => {
        URL.revokeObjectURL(address);
        if (said.type === "ready") resolve(worker);
        else reject(new Error(said.message));
      };
      worker.addEventListener("message", first, { once: true });
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        reject(new Error(event.message || "its worker could not be started"));
      });
    });
    worker.ready.catch(() => {}); // who waits for it is told
    return worker;
  };
  data.first = data.spawn();
})();

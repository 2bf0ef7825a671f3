// The end of the playgrounds' data: with it comes the first worker, so that Python starts before the page's other scripts.
(() => {
  const data = globalThis.SCRATCHOPTIM;

  /** A new worker; its `ready` resolves when Python runs in it. */
  data.spawn = () => {
    const address = URL.createObjectURL(new Blob([data.worker], { type: "text/javascript" }));
    const worker = new Worker(address);
    worker.ready = new Promise((resolve, reject) => {
      worker.onmessage = ({ data: said }) => {
        URL.revokeObjectURL(address);
        if (said.type === "ready") resolve(worker);
        else reject(new Error(said.message));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message || "its worker could not be started"));
      };
    });
    worker.ready.catch(() => {}); // who waits for it is told
    worker.postMessage({ type: "load", wasm: data.wasm, files: data.files });
    return worker;
  };
  data.first = data.spawn();
})();

// Run a script in MicroPython's WebAssembly build: node micropython.mjs job.json, a job being {files, script}.
import { readFileSync } from "node:fs";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const { files, script } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const python = await loadMicroPython({ heapsize: 16 * 1024 * 1024, linebuffer: true, stdout: (line) => console.log(line) });
for (const [path, text] of Object.entries(files)) {
  const parts = path.split("/").slice(0, -1);
  parts.forEach((_, i) => {
    const folder = parts.slice(0, i + 1).join("/");
    if (!python.FS.analyzePath(folder).exists) python.FS.mkdir(folder);
  });
  python.FS.writeFile(path, text);
}
python.runPython(script);

// SPDX-License-Identifier: Apache-2.0
// Prints what a generator yields in the official MicroPython build: node official.mjs CALL FOLDER..., END after the last.
// CALL is "module.function(arguments)", modules come from the folders. The VM collects garbage only when control is back
// here, so lines are pulled one at a time. Before the first and after each line `round` it waits for a byte: its turn.
import fs from "node:fs";
import path from "node:path";

const HEAP_BYTES = 16 * 1024 * 1024; // grows if it has to
const [call, ...folders] = process.argv.slice(2);
const installed = new URL("../../.cache/micropython/node_modules/", import.meta.url);
const build = "@micropython/micropython-webassembly-pyscript/micropython.mjs";
const { loadMicroPython } = await import(new URL(build, installed));
let last = "round";
const vm = await loadMicroPython({
  heapsize: HEAP_BYTES,
  stdout: (line) => fs.writeSync(1, (last = line) + "\n"),
  stderr: (line) => fs.writeSync(2, line + "\n"),
  linebuffer: true,
});

function copyTree(from, to) {
  vm.FS.mkdir(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) copyTree(source, to + "/" + entry.name);
    else vm.FS.writeFile(to + "/" + entry.name, fs.readFileSync(source));
  }
}

folders.forEach((folder, index) => copyTree(folder, "/" + index));
try {
  vm.runPython(`
import sys
sys.path[:0] = ${JSON.stringify(folders.map((_, index) => "/" + index))}
import ${call.split(".")[0]}
_lines = ${call}
_more = True
def _pull():
    global _more
    try:
        print(next(_lines))
    except StopIteration:
        _more = False
        print("END")
`);
  while (vm.globals.get("_more")) {
    if (last === "round") fs.readSync(0, Buffer.alloc(1));
    vm.runPython("_pull()");
  }
} catch (error) {
  fs.writeSync(2, String(error.message ?? error) + "\n");
  process.exit(1);
}
process.exit(0);

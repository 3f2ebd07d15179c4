// SPDX-License-Identifier: Apache-2.0
// Runs one parity case in the official MicroPython build: node vm.mjs ROOT CASE. Lines go to stdout, END after the last.
// The checkout's firmware, cases and vectors are copied into the VM's own file system, at the same relative paths. The VM
// collects garbage only when control is back here, so the case is pulled one line at a time.
import fs from "node:fs";
import path from "node:path";

const [root, name] = process.argv.slice(2);
const installed = new URL("../../.cache/micropython/node_modules/", import.meta.url);
const build = "@micropython/micropython-webassembly-pyscript/micropython.mjs";
const { loadMicroPython } = await import(new URL(build, installed));
const vm = await loadMicroPython({
  stdout: (line) => fs.writeSync(1, line + "\n"),
  stderr: (line) => fs.writeSync(2, line + "\n"),
  linebuffer: true,
});

function copyTree(from) {
  if (path.basename(from) === "__pycache__") return;
  const to = "/" + path.relative(root, from);
  if (fs.statSync(from).isDirectory()) {
    vm.FS.mkdir(to);
    for (const entry of fs.readdirSync(from).sort()) copyTree(path.join(from, entry));
  } else if (/\.(py|json)$/.test(from)) {
    vm.FS.writeFile(to, fs.readFileSync(from));
  }
}

vm.FS.mkdir("/tests");
for (const tree of ["firmware", "tests/parity", "tests/vectors"]) {
  if (fs.existsSync(path.join(root, tree))) copyTree(path.join(root, tree));
}
try {
  vm.runPython(`
import sys
sys.path[:0] = ["tests/parity/loop", "", "firmware"]
_lines = __import__("tests.parity.cases.${name}", None, None, ["lines"]).lines()
_more = True
def _pull():
    global _more
    try:
        print(next(_lines))
    except StopIteration:
        _more = False
        print("END")
`);
  while (vm.globals.get("_more")) vm.runPython("_pull()");
} catch (error) {
  fs.writeSync(2, String(error.message ?? error) + "\n");
  process.exit(1);
}
process.exit(0);

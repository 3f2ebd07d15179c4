// SPDX-License-Identifier: Apache-2.0
// Runs one parity case in the official MicroPython build: node vm.mjs ROOT CASE. Lines go to stdout, END after the last.
// The checkout's firmware, cases and vectors are copied into the VM's own file system, at the same relative paths, and
// sim/vm's asyncio: this build's own waits for JavaScript.
import fs from "node:fs";
import path from "node:path";
import { load, pull } from "../../tools/micropython/lines.mjs";

const [root, name] = process.argv.slice(2);
const vm = await load((line) => fs.writeSync(1, line + "\n"));

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

for (const folder of ["/tests", "/sim", "/sim/vm"]) vm.FS.mkdir(folder);
for (const tree of ["firmware", "sim/vm/modules", "tests/parity", "tests/vectors"]) {
  if (fs.existsSync(path.join(root, tree))) copyTree(path.join(root, tree));
}
pull(
  vm,
  ["tests/parity/outside", "sim/vm/modules", "", "firmware"],
  `__import__("tests.parity.cases.${name}", None, None, ["lines"]).lines()`,
);

// SPDX-License-Identifier: Apache-2.0
// Prints what a generator yields in the official MicroPython build: node official.mjs CALL FOLDER..., END after the last.
// CALL is "module.function(arguments)", modules come from the folders. Before the first and after each line `round` it
// waits for a byte: its turn.
import fs from "node:fs";
import path from "node:path";
import { load, pull } from "../micropython/lines.mjs";

const HEAP_BYTES = 16 * 1024 * 1024; // grows if it has to
const [call, ...folders] = process.argv.slice(2);
let last = "round";
const vm = await load((line) => fs.writeSync(1, (last = line) + "\n"), { heapsize: HEAP_BYTES });

function copyTree(from, to) {
  vm.FS.mkdir(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) copyTree(source, to + "/" + entry.name);
    else vm.FS.writeFile(to + "/" + entry.name, fs.readFileSync(source));
  }
}

folders.forEach((folder, index) => copyTree(folder, "/" + index));
const [module] = call.split(".");
pull(
  vm,
  folders.map((_, index) => "/" + index),
  `__import__("${module}")${call.slice(module.length)}`,
  () => last === "round" && fs.readSync(0, Buffer.alloc(1)),
);

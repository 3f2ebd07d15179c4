// SPDX-License-Identifier: Apache-2.0
// node spill.mjs RECEIVED SPILLED: what is still needed after a call lies on the C stack while the call lasts, and nothing
// older does. binaryen's `spill-pointers` is the core of it; three things about it are mended here.
//   It asks for the stack pointer by name, and the build has no names. Linkers make it the first global.
//   It sees locals only, not what waits between two operations, as x in x + f(). `flatten` gives every value a local
//   first; the locals are then made few again, since each takes a place in the stack frame. Functions that catch
//   exceptions cannot be flattened: there are nine, and no value waits for a call in them.
//   It leaves in a new frame what an old one had left there, and the collector takes that for something in use: a heap
//   would look too small by whatever a function held when it ran before. So frames are cleared.
import fs from "node:fs";

const installed = new URL("../../.cache/micropython/node_modules/", import.meta.url);
const { default: binaryen } = await import(new URL("binaryen/index.js", installed));
const FEATURES = binaryen.Features.All & ~binaryen.Features.CompactImports; // wasmtime does not read these
const FLATTENING = ["flatten", "simplify-locals-nonesting", "coalesce-locals", "vacuum"];
const NEW_FRAME = RegExp(
  String.raw`\(global\.set \$__stack_pointer\s+\(local\.tee (\$\d+)\s+` +
    String.raw`\(i32\.sub\s+\(global\.get \$__stack_pointer\)\s+\(i32\.const (\d+)\)\s+\)\s+\)\s+\)`,
  "g",
);

function parsed(text) {
  const module = binaryen.parseText(text);
  module.setFeatures(FEATURES);
  return module;
}

function withStackPointer(binary) {
  const text = binaryen.readBinary(binary, FEATURES).emitText();
  return parsed(text.replaceAll(/\$global\$0\b/g, "$__stack_pointer"));
}

function flatten(module) {
  for (const text of module.emitText().split(/^ \(func \$/m).slice(1)) {
    const name = text.match(/^[^\s()]+/)[0];
    if (!text.includes("(try_table")) module.runPassesOnFunction(module.getFunction(name), FLATTENING);
  }
}

function cleared(frame, address, size) {
  for (let at = 0; at < size; at += 8) frame += ` (i64.store offset=${at} (local.get ${address}) (i64.const 0))`;
  return frame;
}

const [received, spilled] = process.argv.slice(2);
const module = withStackPointer(fs.readFileSync(received));
flatten(module);
if (NEW_FRAME.test(module.emitText())) throw new Error("a frame of the compiler's looks like one of the pass");
module.runPasses(["spill-pointers"]);
fs.writeFileSync(spilled, parsed(module.emitText().replaceAll(NEW_FRAME, cleared)).emitBinary());

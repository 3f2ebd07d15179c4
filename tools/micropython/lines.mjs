// SPDX-License-Identifier: Apache-2.0
// A generator's lines from the official MicroPython build. The VM collects garbage only when control is back here, so
// they are pulled one at a time. `make setup` has put the build under .cache/.
import fs from "node:fs";

const installed = new URL("../../.cache/micropython/node_modules/", import.meta.url);
const build = "@micropython/micropython-webassembly-pyscript/micropython.mjs";
const { loadMicroPython } = await import(new URL(build, installed));

// A VM whose lines go to `print`; `options` are the build's own.
export function load(print, options = {}) {
  const stderr = (line) => fs.writeSync(2, line + "\n");
  return loadMicroPython({ ...options, stdout: print, stderr, linebuffer: true });
}

// Prints what the Python expression `generator` yields, with modules from the folders `paths`, and END after the last; an
// error is exit code 1. `wait` is called before each line.
export function pull(vm, paths, generator, wait = () => {}) {
  try {
    vm.runPython(`
import sys
sys.path[:0] = ${JSON.stringify(paths)}
_lines = ${generator}
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
      wait();
      vm.runPython("_pull()");
    }
  } catch (error) {
    fs.writeSync(2, String(error.message ?? error) + "\n");
    process.exit(1);
  }
  process.exit(0);
}

// Takes the names of functions out of a WebAssembly module: they are a fifth of its bytes, and panics say file and line
// without them. (worker-build has wasm-opt keep them, whatever else it is told to do.)

import { readFile, writeFile } from 'node:fs/promises';

/** Magic and version, before the first section. */
const HEADER_BYTES = 8;

/** Id of custom sections; the name section is one called "name" (WebAssembly core specification, 7.4.1). */
const CUSTOM = 0;

/** @param {string} path of a module, which is written anew */
export async function removeNames(path) {
  const module = await readFile(path);
  const kept = [module.subarray(0, HEADER_BYTES)];
  for (let start = HEADER_BYTES; start < module.length; ) {
    const size = unsigned(module, start + 1);
    const end = size.next + size.value;
    if (module[start] !== CUSTOM || customName(module, size.next) !== 'name') kept.push(module.subarray(start, end));
    start = end;
  }
  await writeFile(path, Buffer.concat(kept));
}

/** @param {Buffer} module @param {number} at */
function customName(module, at) {
  const { value: length, next } = unsigned(module, at);
  return module.toString('utf8', next, next + length);
}

/** Reads an unsigned LEB128 integer. @param {Buffer} module @param {number} at */
function unsigned(module, at) {
  let value = 0;
  for (let shift = 0, next = at; ; shift += 7, next++) {
    value += (module[next] & 0x7f) * 2 ** shift;
    if (!(module[next] >= 0x80)) return { value, next: next + 1 };
  }
}

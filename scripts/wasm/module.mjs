/**
 * A WebAssembly module as its sections, for steps that wasm-opt has not: https://webassembly.github.io/spec/core/binary/modules.html
 * @typedef {{ readonly id: number, readonly bytes: Uint8Array }} Section
 * @typedef {{ readonly sections: Section[], readonly bodies: Uint8Array[], readonly imported: number, readonly names: Map<number, string> }} Module
 */
const [CUSTOM, IMPORT, CODE] = [0, 2, 10];
const HEADER = 8;
const FUNCTION_NAMES = 1;

/** Reads numbers (LEB128), names and stretches of bytes, one after the other. */
class Reader {
  at = 0;
  constructor(bytes) {
    this.bytes = bytes;
  }
  get left() {
    return this.at < this.bytes.length;
  }
  byte() {
    return this.bytes[this.at++];
  }
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
  take() {
    const length = this.number();
    return this.bytes.subarray(this.at, (this.at += length));
  }
  name() {
    return Buffer.from(this.take()).toString();
  }
}

/** What an import is, read past; whether it is a function. */
function skipImport(reader) {
  reader.take();
  reader.take();
  const kind = reader.byte();
  const limits = () => {
    const flags = reader.number();
    reader.number();
    if (flags & 1) reader.number();
  };
  if (kind === 0) reader.number();
  else if (kind === 1) (reader.byte(), limits());
  else if (kind === 2) limits();
  else if (kind === 3) (reader.byte(), reader.byte());
  else throw new Error(`an import is of the unknown kind ${kind}`);
  return kind === 0;
}

/** Names of functions by their index, which imported ones come first in; none where the module has no names. */
function functionNames(custom) {
  const reader = new Reader(custom);
  if (reader.name() !== "name") return [];
  while (reader.left) {
    const [id, part] = [reader.byte(), new Reader(reader.take())];
    if (id === FUNCTION_NAMES) return Array.from({ length: part.number() }, () => [part.number(), part.name()]);
  }
  return [];
}

/** @returns {Module} */
export function readModule(bytes) {
  const reader = new Reader(bytes);
  reader.at = HEADER;
  const module = { sections: [], bodies: [], imported: 0, names: new Map() };
  while (reader.left) {
    const section = { id: reader.byte(), bytes: reader.take() };
    module.sections.push(section);
    const inside = new Reader(section.bytes);
    if (section.id === CODE) module.bodies = Array.from({ length: inside.number() }, () => inside.take());
    if (section.id === IMPORT) for (let left = inside.number(); left > 0; left--) module.imported += skipImport(inside);
    if (section.id === CUSTOM) for (const [index, name] of functionNames(section.bytes)) module.names.set(index, name);
  }
  return module;
}

/** @param {Module} module with its functions' code and names as they are in `bodies` and `names` */
export function writeModule({ sections, bodies, names }) {
  const isNames = ({ id, bytes }) => id === CUSTOM && new Reader(bytes).name() === "name";
  const named = [...names].sort(([a], [b]) => a - b).map(([index, name]) => joined([number(index), string(name)]));
  const parts = sections
    .filter((section) => !isNames(section))
    .map(({ id, bytes }) => [[id], sized(id === CODE ? joined([number(bodies.length), ...bodies.map(sized)]) : bytes)]);
  const list = joined([[FUNCTION_NAMES], sized(joined([number(names.size), ...named]))]);
  return joined([[0, 97, 115, 109, 1, 0, 0, 0], ...parts.flat(), [CUSTOM], sized(joined([string("name"), list]))]);
}

function number(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

function sized(bytes) {
  return joined([number(bytes.length), bytes]);
}

function string(text) {
  return sized(Buffer.from(text));
}

function joined(parts) {
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

import { basename } from "node:path";
import { readExports } from "./rust.mjs";

const made = "// Made from crates/wasm by scripts/wasm/interface, which `npm run build` runs. Do not edit.\n";

/** Modules that an engine sets up, measures or runs its threads with; the others are the kernels. */
const ofEngine = ["gemm/tile", "gemm/probe", "parallel/pool"];

/**
 * The files of `ts/engine` that are made from the exports of `crates/wasm`.
 * @param {string} root
 * @returns {Record<string, string>} Texts by path.
 */
export function interfaceFiles(root) {
  const modules = readExports(root);
  return { "ts/engine/kernels.ts": kernels(modules), "ts/engine/struct.ts": structs(modules) };
}

function kernels(modules) {
  const used = modules.filter(({ functions }) => functions.length > 0);
  const names = used.map(({ name }) => name).filter((name) => !ofEngine.includes(name));
  return `${made}
/** Byte offset into the engine's memory; 0 where there is nothing. */
export type Pointer = number;

${used.map(moduleCode).join("\n")}
/**
 * What ops, layers and optimizers call: the arithmetic of an engine, of whatever kind. All values are 4-byte, float32 unless said
 * otherwise; tensors are row-major and contiguous unless a stride is passed; lengths and strides count elements. \`accumulate\` 1 adds
 * a result to what its memory holds; with 0 every element is written, and what was there is not read. Arguments are checked before: a
 * kernel trusts its pointers.
 */
export interface Kernels
  extends
    ${wrapped(names.map(interfaceOf))} {}
`;
}

function moduleCode({ name, doc: says, functions }) {
  return `${doc(says)}export interface ${interfaceOf(name)} {\n${functions.map(signature).join("")}}\n`;
}

/** "gemm/tile" is TileKernels. */
function interfaceOf(name) {
  return `${basename(name).replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase())}Kernels`;
}

function signature({ name, doc: says, fields, result }) {
  const parameters = fields.map(({ name, type }) => `${name}: ${typeOf(type)}`);
  const gives = result === undefined ? "void" : typeOf(result);
  const line = `  readonly ${name}: (${parameters.join(", ")}) => ${gives};`;
  const written = line.length <= 120 ? line : `  readonly ${name}: (\n    ${wrapped(parameters)},\n  ) => ${gives};`;
  return `${doc(says, "  ")}${written}\n`;
}

const typeOf = (type) => (type.startsWith("*") ? "Pointer" : "number");

/** Names with commas between, in lines of at most 120 characters. */
function wrapped(names, indent = "    ") {
  const lines = [];
  for (const name of names) {
    const longer = lines.length === 0 ? "" : `${lines.at(-1)}, ${name}`;
    if (longer !== "" && indent.length + longer.length < 120) lines[lines.length - 1] = longer;
    else lines.push(name);
  }
  return lines.join(`,\n${indent}`);
}

function doc(lines, indent = "") {
  if (lines.length === 0) return "";
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}

function structs(modules) {
  const all = modules.flatMap(({ structs }) => structs);
  return `${made}
import type { Pointer } from "./kernels.js";
import { bitsOf, writeWords } from "./words.js";

// Structs that kernels read from memory, four bytes a field.

${all.map(structCode).join("\n")}`;
}

function structCode({ name, doc: says, fields }) {
  const length = name.replace(/(?!^)([A-Z])/g, "_$1").toUpperCase();
  const values = fields.map(({ name, type }) => (type === "f32" ? `bitsOf(s.${name})` : `s.${name}`));
  return `${doc(says)}export interface ${name}Struct {
${fields.map((field) => `${doc(field.doc, "  ")}  readonly ${field.name}: ${typeOf(field.type)};\n`).join("")}}

/** Words of \`${name}Struct\`. */
export const ${length} = ${fields.length};

/** Writes \`${name}Struct\` at word \`at\`. */
export function write${name}(words: Int32Array, s: ${name}Struct, at?: number): void {
  writeWords(
    words,
    [
      ${wrapped(values, "      ")},
    ],
    at,
  );
}
`;
}

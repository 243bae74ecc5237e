import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ readonly name: string, readonly type: string, readonly doc: string[] }} Field a parameter, or a field of a struct
 * @typedef {{ readonly name: string, readonly doc: string[], readonly fields: Field[], readonly result?: string }} Item
 * @typedef {{ readonly name: string, readonly doc: string[], readonly functions: Item[], readonly structs: Item[] }} Module
 */

/**
 * The modules of both crates in `crates/wasm`, by name: functions with `#[wasm_bindgen]` and structs with `#[repr(C)]`, those
 * that macros make included. `test/engine/kernels.types.ts` holds the functions against what wasm-bindgen has made of them.
 * @param {string} root
 * @returns {Module[]}
 */
export function readExports(root) {
  const files = ["lib.rs", "compact.rs"].flatMap((crate) => modules(join(root, "crates/wasm/src"), crate, ""));
  const room = ({ name }) => name.split("/")[0];
  files.sort((a, b) => (room(a) < room(b) ? -1 : Number(room(a) > room(b))));
  const macros = new Map(files.flatMap(({ text }) => macrosIn(text)));
  return files.map(({ name, text }) => {
    const code = expanded(text.replace(macroDefinition, ""), macros);
    const functions = [...code.matchAll(exported)].map(([, doc, name, parameters, result]) => {
      return { name, doc: docLines(doc), fields: fieldsOf(parameters), result };
    });
    const attributes = code.match(/^\s*#\[wasm_bindgen\]/gm)?.length ?? 0;
    if (functions.length !== attributes) throw new Error(`${name}.rs: an export is not of the form that is read here`);
    const structs = [...code.matchAll(struct)].map(([, doc, name, fields]) => {
      return { name, doc: docLines(doc), fields: fieldsOf(fields) };
    });
    return { name, doc: docLines(text.match(/^(?:\/\/! .*\n)+/)?.[0] ?? ""), functions, structs };
  });
}

const docs = String.raw`((?:[ \t]*(?:\/\/\/.*|#\[doc.*\])\n)*)`;
const attributes = String.raw`(?:\s*#\[(?:allow|derive)\(.*\)\])*`;
const exported = new RegExp(
  String.raw`${docs}[ \t]*#\[wasm_bindgen\]${attributes}\s*pub (?:unsafe )?fn (\w+)\(([^)]*)\)(?: -> (\w+))?`,
  "g",
);
const struct = new RegExp(String.raw`${docs}${attributes}\s*#\[repr\(C\)\]\s*pub struct (\w+) \{([^}]*)\}`, "g");
const macroDefinition = /^macro_rules! (\w+) \{\n\s*\(\$\(([^]*?)\)\*\) => \{\$\(([^]*?)\)\*\};\n\}/gm;

/** The files of a module and, in the order in which it names them, of those in it. */
function modules(folder, file, inside) {
  const text = readFileSync(join(folder, inside, file), "utf8");
  return [...text.matchAll(/^(?:pub )?mod (\w+);/gm)].flatMap(([, module]) => {
    const name = inside === "" ? module : `${inside}/${module}`;
    const path = join(folder, `${name}.rs`);
    return existsSync(path) ? [{ name, text: readFileSync(path, "utf8") }] : modules(folder, "mod.rs", name);
  });
}

/** Macros of the form `($( row )*) => {$( body )*}`: how a row reads, and what is made of it. */
function macrosIn(text) {
  return [...text.matchAll(macroDefinition)].map(([, name, row, body]) => {
    const pattern = row
      .trim()
      .replace(/\$\(#\[\$(\w+):meta\]\)\*\s*/, "«$1:docs»")
      .replace(/\(\$\(\$(\w+):ident\),\*\)/, "«$1:list»")
      .replace(/\$(\w+):(ident|expr)/g, "«$1:$2»")
      .replace(/\s+/g, "\\s+")
      .replace(
        /«(\w+):(\w+)»/g,
        (_, name, kind) => `${before[kind] ?? ""}(?<${name}>${kinds[kind]})${after[kind] ?? ""}`,
      );
    return [name, { row: new RegExp(pattern, "g"), body }];
  });
}

const kinds = { docs: "(?:\\s*///.*\\n)*", list: "[\\w, ]*", ident: "\\w+", expr: "[^;]+" };
const before = { list: "\\(" };
const after = { list: "\\)", docs: "\\s*" };

/** A text with the rows of each call of a macro written out. */
function expanded(text, macros) {
  return text.replace(/^(\w+)! \{\n([^]*?)\n\}/gm, (_, name, rows) =>
    [...rows.matchAll(macros.get(name).row)].map(({ groups }) => filled(macros.get(name).body, groups)).join(""),
  );
}

function filled(body, values) {
  return body
    .replace(/[ \t]*\$\(#\[\$(\w+)\]\)\*\n/, (_, name) => values[name])
    .replace(/\s*\$\(, \$(\w+): (\w+)\)\*/g, (_, name, type) =>
      values[name]
        .split(/\W+/)
        .filter(Boolean)
        .map((one) => `, ${one}: ${type}`)
        .join(""),
    )
    .replace(/\$(\w+)/g, (all, name) => values[name] ?? all);
}

/** Parameters or fields. */
function fieldsOf(text) {
  return [...text.matchAll(/((?:\s*\/\/\/.*\n)*)\s*(?:pub )?_?(\w+): ([^,\n]+),?/g)].map(([, doc, name, type]) => {
    if (!/^(\*(const|mut) \w+|f32|f64|i32|u32|usize|bool)$/.test(type))
      throw new Error(`${name}: ${type}, what is it?`);
    return { name: name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()), type, doc: docLines(doc) };
  });
}

/** What a doc comment says, without what it says of safety, and without Rust's links. */
function docLines(text) {
  const lines = [...text.matchAll(/\/\/[/!] ?(.*)/g)].map(([, line]) => line);
  const safety = lines.findIndex((line) => line.startsWith("# Safety"));
  const said = lines
    .slice(0, safety === -1 ? undefined : safety)
    .join("\n")
    .trim();
  return said
    .replace(/\\([[\]])/g, "$1")
    .replace(/\[(`[^`]+`)\]/g, "$1")
    .split("\n")
    .filter(Boolean);
}

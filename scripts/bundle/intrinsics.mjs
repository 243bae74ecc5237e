import { analyze } from "eslint-scope";
import MagicString from "magic-string";
import { parseAst } from "rollup/parseAst";
import { walk } from "./walk.mjs";

/** Objects of JavaScript itself that are asked for every number, byte or character. Others are asked for a tensor or a text. */
const intrinsics = new Set(["Array", "Math", "Number", "String"]);

/**
 * What functions of a module look up in the global object each time that they run: the places, by name. What a module does as it is loaded
 * stays as it is, for bundlers know by such names what has no side effects.
 * @param {string} code
 */
export function lookUps(code) {
  const program = parseAst(code);
  walk(program, (node) => void (node.range = [node.start, node.end]));
  const options = { ecmaVersion: 2022, sourceType: "module", fallback: "iteration" };
  const { globalScope, scopes } = analyze(program, options);
  const found = new Map();
  for (const { identifier, from } of globalScope.through) {
    const { name } = identifier;
    if (!intrinsics.has(name) || from.variableScope.type !== "function") continue;
    found.set(name, [...(found.get(name) ?? []), identifier]);
  }
  const declared = new Set(scopes.flatMap(({ variables }) => variables.map(({ name }) => name)));
  return { program, found, declared };
}

/**
 * Rollup plugin, before names are shortened: a module looks each of JavaScript's own objects up once, as it is loaded. In the contexts of
 * `node:vm`, which Jest runs tests in, a function of Node's answers for the global object, and `Math.imul` for every word of a model took
 * longer than everything else.
 */
export const intrinsic = {
  name: "intrinsic",
  renderChunk(code, _chunk, { format }) {
    if (format !== "es") return null;
    const { program, found, declared } = lookUps(code);
    if (found.size === 0) return null;
    const script = new MagicString(code);
    const short = new Set();
    walk(program, (node) => node.type === "Property" && node.shorthand && short.add(node.value.start));
    for (const [name, places] of found) {
      const local = `${name}$own`;
      if (declared.has(local)) throw new Error(`a module has a name ${local} already`);
      for (const { start, end } of places) script.update(start, end, short.has(start) ? `${name}: ${local}` : local);
    }
    const own = [...found.keys()].map((name) => `${name}$own = ${name}`);
    script.appendLeft(code.startsWith("#!") ? code.indexOf("\n") + 1 : 0, `const ${own.join(", ")};\n`);
    return script.toString();
  },
};

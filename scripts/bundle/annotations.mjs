import MagicString from "magic-string";
import { parseAst } from "rollup/parseAst";
import { walk } from "./walk.mjs";

/**
 * Rollup plugin, before names are shortened: annotations of calls without side effects stay where bundlers read them, in what a module
 * does as it is loaded. In functions they are of no use, and terser puts them before `return`, of which bundlers warn.
 */
export const annotations = {
  name: "annotations",
  renderChunk(code) {
    const functions = [];
    walk(parseAst(code), ({ type, start, end }) => /Function/.test(type) && functions.push([start, end]));
    const script = new MagicString(code);
    for (const { 0: text, index } of code.matchAll(/\/\* ?[@#]__PURE__ ?\*\/ ?/g))
      if (functions.some(([start, end]) => start < index && index < end)) script.remove(index, index + text.length);
    return script.toString();
  },
};

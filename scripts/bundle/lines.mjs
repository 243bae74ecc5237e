import MagicString from "magic-string";
import { parseAst } from "rollup/parseAst";

/** Characters after which a line ends where no semicolon does. */
const limit = 400;

/** Parts of nodes before which a line may end: JavaScript reads on there as if nothing were. */
const parts =
  "properties elements arguments specifiers declarations expressions cases body consequent alternate right".split(" ");
const endedByLine = new Set(["ExpressionStatement", "VariableDeclaration", "ReturnStatement", "ThrowStatement"]);

/** Places where a line may end, in order; `semicolon` where its end can stand for one. */
function places(code) {
  const found = new Map();
  const visit = (node) => {
    for (const name of parts)
      [node[name]].flat().forEach((part, i) => {
        // A line must not end behind `return` and `throw`.
        if (typeof part?.type !== "string" || (name === "expressions" && i === 0)) return;
        const ended = name === "body" && endedByLine.has(node.body[i - 1]?.type) && code[part.start - 1] === ";";
        found.set(part.start, { at: part.start, semicolon: ended && /[A-Za-z_$]/.test(code[part.start]) });
      });
    for (const value of Object.values(node))
      for (const part of [value].flat()) if (typeof part?.type === "string") visit(part);
  };
  visit(parseAst(code));
  return [...found.values()].sort((a, b) => a.at - b.at);
}

/** What a script says, wherever its lines end. */
const meaning = (code) =>
  JSON.stringify(parseAst(code), (name, value) =>
    name === "start" || name === "end" ? undefined : typeof value === "bigint" ? String(value) : value,
  );

/**
 * Rollup plugin, after white space is gone: about a line a statement. Node shows the whole line of an uncaught error's place, and
 * a stack tells a place by its line. Ends of lines mostly stand for semicolons, which costs a compressed script 0.7 %; esbuild's limit of
 * lines costs 2 %, and parts `new URL("…", import.meta.url)`, by which bundlers find files.
 */
export const lines = {
  name: "lines",
  renderChunk(code) {
    const script = new MagicString(code);
    const ends = places(code);
    let start = 0;
    ends.forEach(({ at, semicolon }, i) => {
      if (at === 0 || (!semicolon && (ends[i + 1]?.at ?? code.length) - start < limit)) return;
      if (code[at - 1] === "\n") return void (start = at);
      if (semicolon) script.update(at - 1, at, "\n");
      else script.appendLeft(at, "\n");
      start = at;
    });
    if (meaning(script.toString()) !== meaning(code)) throw new Error("ends of lines have changed a script");
    return script.toString();
  },
};

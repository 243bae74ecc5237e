import { transform } from "esbuild";
import { parseAst } from "rollup/parseAst";
import { minify } from "terser";

/** Files of `entries` and all that they import, in a bundle's `chunks` by file. */
function reach(entries, chunks) {
  const reached = new Set();
  const add = (file) => {
    if (reached.has(file) || chunks[file] === undefined) return;
    reached.add(file);
    [...chunks[file].imports, ...chunks[file].dynamicImports].forEach(add);
  };
  entries.forEach((name) => add(`${name}.js`));
  return reached;
}

/** Names of variables that functions and classes take theirs from, and of what a script calls as it loads, by which a test knows it. */
function namesGiven(code) {
  const names = new Set();
  const visit = (node) => {
    if (node.type === "VariableDeclarator" && /Function|Class/.test(node.init?.type)) names.add(node.id.name);
    for (const value of Object.values(node))
      for (const part of [value].flat()) if (typeof part?.type === "string") visit(part);
  };
  const program = parseAst(code);
  visit(program);
  for (const { expression } of program.body) if (expression?.callee?.name) names.add(expression.callee.name);
  return [...names];
}

const named = { keep_classnames: true, keep_fnames: true };

/**
 * As small as a script becomes whose stack can still be read, and whose classes know their names: other variables have short names,
 * and no function is put where it is called, which would also cost a program 1 % once its own bundler has been over it.
 */
const shortened = (code, { module }) =>
  minify(code, {
    module,
    ecma: 2022,
    compress: { ...named, inline: 0, reduce_funcs: false },
    mangle: { ...named, reserved: namesGiven(code) },
    // What bundlers may leave out, and what they must not read.
    format: { preserve_annotations: true, comments: /webpackIgnore|@vite-ignore/ },
  });

/**
 * Rollup plugin: takes comments and, from scripts that the entries `forPages` load, white space and long names of variables too, for pages
 * load them as they are. Node's alone can be read.
 */
export const minified = (forPages) => ({
  name: "minified",
  async renderChunk(code, { fileName }, { format }, { chunks }) {
    if (reach(forPages, chunks).has(fileName)) return (await shortened(code, { module: format === "es" })).code;
    return (await transform(code, { minifySyntax: true, target: "es2022" })).code;
  },
});

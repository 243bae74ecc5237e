import { transform } from "esbuild";

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

/**
 * Rollup plugin: takes comments and, from scripts that the entries `forPages` load, white space too, for pages load them as they are.
 * Names stay, so that a stack can be read and a class knows its own.
 */
export const minified = (forPages) => ({
  name: "minified",
  async renderChunk(code, { fileName }, _output, { chunks }) {
    const minifyWhitespace = reach(forPages, chunks).has(fileName);
    const options = { minifySyntax: true, minifyWhitespace, target: "es2022", sourcemap: true };
    const { code: smaller, map } = await transform(code, options);
    return { code: smaller, map };
  },
});

import { transform } from "esbuild";

/**
 * Rollup plugin: takes comments and white space out of the scripts, which pages load as they are. Names stay, so that a stack can be
 * read and a class knows its own.
 */
export const minified = {
  name: "minified",
  async renderChunk(code) {
    const options = { minifyWhitespace: true, minifySyntax: true, target: "es2022", sourcemap: true };
    const { code: smaller, map } = await transform(code, options);
    return { code: smaller, map };
  },
};

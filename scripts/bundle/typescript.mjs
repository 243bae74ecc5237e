import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { transform } from "esbuild";

// Fields are assigned, as tsconfig.json has it: declared besides, each would stand in the bundle twice.
const tsconfigRaw = { compilerOptions: { useDefineForClassFields: false } };

/** Rollup plugin: TypeScript to JavaScript, file by file (`tsc` checks the types). */
export const typescript = {
  name: "typescript",
  resolveId(source, importer) {
    if (!importer?.endsWith(".ts") || !source.startsWith(".") || !source.endsWith(".js")) return null;
    const file = resolve(dirname(importer), source.replace(/\.js$/, ".ts"));
    return existsSync(file) ? file : null;
  },
  async transform(code, id) {
    if (!id.endsWith(".ts")) return null;
    return (await transform(code, { loader: "ts", target: "es2022", sourcefile: id, tsconfigRaw })).code;
  },
};

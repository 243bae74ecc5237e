import { build } from "esbuild";

/**
 * Rollup plugin: adds files that import nothing, each a module of ts/ with all that it uses, as one script: what workers run, and
 * people copy.
 */
export const selfContained = (files) => ({
  name: "self-contained",
  async generateBundle() {
    for (const [fileName, entry] of Object.entries(files)) {
      const { outputFiles } = await build({
        entryPoints: [entry],
        bundle: true,
        format: "iife",
        target: "es2022",
        minify: true,
        // Names of errors are read.
        keepNames: true,
        write: false,
        logLevel: "error",
        // Fields are assigned, as tsconfig.json has it.
        tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
      });
      this.emitFile({ type: "asset", fileName, source: outputFiles[0].contents });
    }
  },
});

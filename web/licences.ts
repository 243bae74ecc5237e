import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const fonts = fileURLToPath(new URL("src/style/fonts/", import.meta.url));

/** Writes the licences of the fonts beside them: the SIL Open Font License asks for it. */
export const licences = (): Plugin => ({
  name: "licences",
  apply: "build",
  generateBundle: {
    // After `offline`, whose list is of files that the page needs.
    order: "post",
    handler() {
      for (const name of readdirSync(fonts).filter((name) => name.endsWith(".txt")))
        this.emitFile({ type: "asset", fileName: `assets/${name}`, source: readFileSync(fonts + name) });
    },
  },
});

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { serveFolder } from "../scripts/serve-folder.mjs";
import { modelCache } from "../scripts/setup/paths.mjs";
import { notices as noticesPlugins } from "./notices.js";
import { offline } from "./offline.js";
import { policy } from "./policy.js";
import { preload } from "./preload.js";
import { standalone } from "./standalone.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Headers that enable shared memory, and with it threads. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Scripts of the package that `lowrank/worker` imports, by name. */
const lowrankWorker = new Set<string>();
function addScripts(name: string): void {
  if (lowrankWorker.has(name)) return;
  lowrankWorker.add(name);
  const script = readFileSync(here(`../dist/${name}`), "utf8");
  for (const [, imported] of script.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g)) addScripts(imported!);
}
addScripts("remote-browser.js");

const { collected, notices: written } = noticesPlugins();

export default defineConfig({
  root: here("."),
  // Relative paths, so that the files can be in any folder of a site.
  base: "./",
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    // Browsers that run the kernels know such links, or load the same scripts a little later.
    modulePreload: { polyfill: false },
    // One chunk of what the first load needs is smaller than one for each set of pages that share some of it. The script itself stays
    // outside: it awaits pages, which import that chunk.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "first", tags: ["$initial"], test: (id) => !/\/main\.tsx$|\.html/.test(id), priority: 3 },
            // Some servers answer six requests at a time, so a page of thirty small scripts waits five times.
            { name: "lowrank", test: (id) => lowrankWorker.has(basename(id)), priority: 2 },
            { name: "zip", test: /\/fflate\/|\/storage\/(zip|checksums)\.ts$/, priority: 2 },
            { name: "papaparse", test: /\/papaparse\//, priority: 2 },
            {
              name: "common",
              test: /\/web\/src\/(data|engine|parts|state|storage)\/(?!delimited|read-t|read-j|json-lines|title-rows|rows-below|apart)/,
              minShareCount: 3,
              priority: 1,
            },
            // What search, rerankers and chat share of a training.
            {
              name: "training",
              test: /\/web\/src\/(steps\/train\/|steps\/judge\/jump|style\/(search|take|progress))/,
              minShareCount: 2,
              priority: 0,
            },
          ],
        },
      },
    },
  },
  worker: { format: "es", plugins: () => [collected] },
  server: { headers: isolation, fs: { allow: [here("..")] } },
  preview: { headers: isolation },
  plugins: [
    standalone(collected),
    preload(),
    offline(),
    policy(),
    written,
    {
      // Serves the models of this machine's cache, so that the Studio works without a network.
      name: "models",
      configureServer: ({ middlewares }) => void middlewares.use("/models", serveFolder(modelCache)),
      configurePreviewServer: ({ middlewares }) => void middlewares.use("/models", serveFolder(modelCache)),
    },
  ],
});

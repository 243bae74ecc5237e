import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";

const sources = join(root, "site/speed");
const variants = ["simd", "relaxed", "simd-threads", "relaxed-threads"];

/** The package's entry sets where binaries and workers are, which package.json says of the built one alone. */
const browserEntry = {
  name: "browser-entry",
  setup(/** @type {import("esbuild").PluginBuild} */ { onResolve }) {
    onResolve({ filter: /\/entry\/browser\.js$/ }, () => ({
      path: join(root, "ts/entry/browser.ts"),
      sideEffects: true,
    }));
  },
};

/**
 * Writes the page "How fast is my GPU" to a folder, with everything that it fetches: no other page loads its scripts. The set-up has built
 * the package, whose kernels and worker it copies.
 * @param {string} folder
 */
export async function buildSpeedPage(folder) {
  mkdirSync(join(folder, "wasm"), { recursive: true });
  for (const file of ["index.html", "speed.css"]) copyFileSync(join(sources, file), join(folder, file));
  for (const file of ["worker-browser.js", ...variants.map((variant) => `wasm/lowrank-${variant}.wasm`)])
    copyFileSync(join(root, "dist", file), join(folder, file));
  // The set-up installs it.
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(sources, "speed.ts")],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    keepNames: true,
    target: "es2022",
    chunkNames: "[name]-[hash]",
    logLevel: "error",
    plugins: [browserEntry],
  });
}

import { join } from "node:path";
import { build } from "esbuild";
import { modelCache, root } from "../setup/paths.mjs";

/** Bundles one of the tests' TypeScript modules, which Node cannot load into a thread, into `outfile`. */
export async function bundleForThread(entry, outfile) {
  const constants = { __PROJECT__: root, __MODELS__: modelCache, __BUILD__: "simd", __THREADS__: 1 };
  await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    outfile,
    logLevel: "error",
    define: Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, JSON.stringify(value)])),
  });
}

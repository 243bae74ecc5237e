import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** Bytes, gzip, of a minified bundle for browsers that uses `names` of the package; dependencies are left out. */
async function bundleSize(names: string): Promise<number> {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names} } from "./dist/browser.js";`, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    external: Object.keys(dependencies),
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

it("the core (engine, graph, LoRA layers, optimizers) is at most 25 kB of JavaScript", async () => {
  const layers = "Graph, LoraLinear, tensor, zeros, kaimingInit, gaussianInit";
  const training = "AdamW, SGD, clipGradNorm, clipGradValue, cosineSchedule, linearSchedule";
  expect(await bundleSize(`init, engineInfo, ${layers}, ${training}`)).toBeLessThanOrEqual(25_000);
});

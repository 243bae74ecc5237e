import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

it("the browser's JavaScript is at most 25 kB, minified, gzip, without dependencies", async () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { outputFiles } = await build({
    entryPoints: [join(root, "dist/browser.js")],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    external: Object.keys(dependencies),
    loader: { ".wasm": "empty" },
  });
  expect(gzipSync(outputFiles[0].contents, { level: 9 }).length).toBeLessThanOrEqual(25_000);
});

it("the browser's JavaScript names nothing that only Node has", () => {
  expect(readFileSync(join(root, "dist/browser.js"), "utf8")).not.toContain("node:");
});

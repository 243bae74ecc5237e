import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const dist = "node_modules/lowrank/dist";
const page = (script) => `<!doctype html><link rel="icon" href="data:," />${script}`;

async function inNode(folder) {
  const node = { entryPoints: ["node.js"], bundle: true, platform: "node", logLevel: "error" };
  // A dependency in CommonJS asks for Node's modules by require.
  const banner = 'import { createRequire as maker } from "node:module"; const require = maker(import.meta.url);';
  await build({ ...node, format: "esm", banner: { js: banner }, outfile: `${folder}/node.mjs` });
  await build({
    ...node,
    format: "cjs",
    logOverride: { "empty-import-meta": "silent" },
    outfile: `${folder}/node.cjs`,
  });
}

async function inPages(folder, entry = "main.js") {
  const browser = { entryPoints: [entry], bundle: true, minify: true, logLevel: "error" };
  await build({ ...browser, format: "esm", outfile: `${folder}/esm.js` });
  writeFileSync(`${folder}/esm.html`, page('<script type="module" src="esm.js"></script>'));
  if (entry !== "main.js") return;
  const silent = { "empty-import-meta": "silent" };
  await build({
    ...browser,
    entryPoints: ["iife.js"],
    format: "iife",
    logOverride: silent,
    outfile: `${folder}/iife.js`,
  });
  writeFileSync(`${folder}/iife.html`, page('<script src="iife.js"></script>'));
}

for (const folder of ["bundled", "alone"]) {
  mkdirSync(folder);
  await inNode(folder);
  await inPages(folder);
}
await inPages("inline", "inline.js");
// What a bundler leaves behind; in one folder all of it, in one only the binaries.
for (const file of ["esm.js", "esm.html"]) cpSync(`alone/${file}`, `binaries/${file}`);
cpSync(`${dist}/wasm`, "binaries/wasm", { recursive: true });
cpSync(`${dist}/wasm`, "bundled/wasm", { recursive: true });
for (const name of ["worker-browser.js", "worker-node.js", "shared-pool.js"])
  cpSync(`${dist}/${name}`, `bundled/${name}`);
writeFileSync("bundled/package.json", '{ "type": "module" }');

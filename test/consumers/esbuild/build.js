import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const dist = "node_modules/lowrank/dist";
const page = (script) => `<!doctype html><link rel="icon" href="data:," />${script}`;

async function inNode(folder) {
  const logOverride = { "empty-import-meta": "silent" };
  const node = { entryPoints: ["node.js"], bundle: true, platform: "node", logLevel: "error", logOverride };
  await build({ ...node, format: "cjs", outfile: `${folder}/node.cjs` });
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
await inPages("addresses", "addresses.js");
cpSync(`${dist}/wasm/lowrank-simd.wasm`, "addresses/files/lowrank-simd.wasm");
await inPages("worker", "worker.js");
// Beside what copy.js, which runs after this, takes along.
await inPages("dist", "in-worker.js");
cpSync(`${dist}/wasm`, "worker/wasm", { recursive: true });
cpSync(`${dist}/worker-browser.js`, "worker/files/worker-browser.js");
// What a bundler leaves behind; in one folder all of it, in one only the binaries.
for (const file of ["esm.js", "esm.html"]) cpSync(`alone/${file}`, `binaries/${file}`);
cpSync(`${dist}/wasm`, "binaries/wasm", { recursive: true });
cpSync(`${dist}/wasm`, "bundled/wasm", { recursive: true });
for (const name of ["worker-browser.js", "worker-node.js"]) cpSync(`${dist}/${name}`, `bundled/${name}`);
writeFileSync("bundled/package.json", '{ "type": "module" }');

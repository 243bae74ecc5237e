import { cpSync, writeFileSync } from "node:fs";

const from = "node_modules/lowrank/dist";
// What rollup leaves behind.
cpSync(`${from}/wasm`, "dist/wasm", { recursive: true });
for (const name of ["worker-browser.js", "worker-node.js", "shared-pool.js"]) cpSync(`${from}/${name}`, `dist/${name}`);
writeFileSync("dist/package.json", '{ "type": "module" }');
const page = (script) => `<!doctype html><link rel="icon" href="data:," />${script}`;
writeFileSync("dist/esm.html", page('<script type="module" src="esm.js"></script>'));
writeFileSync("dist/iife.html", page('<script src="iife.js"></script>'));

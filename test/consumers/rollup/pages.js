import { writeFileSync } from "node:fs";

writeFileSync("dist/package.json", '{ "type": "module" }');
const page = (script) => `<!doctype html><link rel="icon" href="data:," />${script}`;
writeFileSync("dist/esm.html", page('<script type="module" src="esm.js"></script>'));
writeFileSync("dist/iife.html", page('<script src="iife.js"></script>'));

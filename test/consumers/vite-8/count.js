import { readdirSync, readFileSync } from "node:fs";

// By what only the worker's file has among scripts, whatever it is called: the kernels' threads are asked for at its own address.
const scripts = readdirSync("dist/assets").filter((name) => /\.(js|ts)$/.test(name));
const workers = scripts.filter((name) => readFileSync(`dist/assets/${name}`, "utf8").includes("importScripts?.()"));
console.log(`scripts of the worker: ${workers.length}`);

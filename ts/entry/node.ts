import { readFile } from "node:fs/promises";
import { setBinaryLocator } from "../engine/source.js";

setBinaryLocator((variant) => readFile(new URL(`./wasm/lowrank-${variant}.wasm`, import.meta.url)));

export * from "../index.js";

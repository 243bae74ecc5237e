import { readFile } from "node:fs/promises";
import { setBinaryLocator } from "../engine/source.js";
import { provideFileAccess } from "../io/file-access.js";
import { nodeFileAccess } from "../io/node/read-files.js";

setBinaryLocator((variant) => readFile(new URL(`./wasm/lowrank-${variant}.wasm`, import.meta.url)));
provideFileAccess(nodeFileAccess);

export * from "../index.js";

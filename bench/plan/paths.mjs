import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const benchFolder = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(benchFolder);
/** Training graphs for ONNX Runtime 1.19, made by Python. */
export const artifactFolder = join(root, ".cache/bench-artifacts");
/** The entry for Node of a checkout that was built, as an address. */
export const entryOf = (folder) => pathToFileURL(join(resolve(folder), "dist/node.js")).href;
/** This checkout's. */
export const library = entryOf(root);

/** The newest Node, as npm has it for this system; null where there is none. */
export const newestNode =
  [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`]
    .map((name) => join(benchFolder, "node_modules", name, "bin/node"))
    .find(existsSync) ?? null;

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const benchFolder = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(benchFolder);
/** Training graphs for ONNX Runtime 1.19, made by Python. */
export const artifactFolder = join(root, ".cache/bench-artifacts");
/** The library's entry for Node, as an address. */
export const library = pathToFileURL(join(root, "dist/node.js")).href;

/** The newest Node, as npm has it for this system; null where there is none. */
export const newestNode =
  [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`]
    .map((name) => join(benchFolder, "node_modules", name, "bin/node"))
    .find(existsSync) ?? null;

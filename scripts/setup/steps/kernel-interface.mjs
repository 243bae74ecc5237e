import { readFileSync } from "node:fs";
import { join } from "node:path";
import { interfaceFiles } from "../../wasm/interface/typescript.mjs";
import { root } from "../paths.mjs";
import { writeAtomically } from "../stamp.mjs";

/** The kernels' TypeScript interface, which is made from the exports of Rust. */
export const kernelInterface = {
  title: "the kernels' interface in ts/engine",
  makes: "kernel interface",
  seconds: 1,
  needed: () => changed().length > 0,
  run() {
    for (const [file, text] of changed()) writeAtomically(join(root, file), text);
  },
};

const changed = () =>
  Object.entries(interfaceFiles(root)).filter(([file, text]) => readFileSync(join(root, file), "utf8") !== text);

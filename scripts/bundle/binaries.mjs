import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";

function binary(variant) {
  return readFileSync(join(root, "build/wasm", variant, "lowrank_wasm_bg.wasm"));
}

const NAME = /^\.\/wasm\/lowrank-(.+)\.wasm(\?base64)?$/;

/**
 * Rollup plugin: puts the binaries of the chosen builds into wasm/ of the output. An entry names them `./wasm/lowrank-<variant>.wasm`,
 * kept as an import for the runtime, or with `?base64` to have the bytes in the JavaScript.
 */
export const binaries = (builds) => ({
  name: "binaries",
  resolveId(source) {
    const [, , base64] = NAME.exec(source) ?? [];
    if (base64 !== undefined) return `\0${source}`;
    return NAME.test(source) ? { id: source, external: "relative" } : null;
  },
  load(id) {
    const [, variant] = NAME.exec(id.replace("\0", "")) ?? [];
    return variant === undefined ? null : `export default "${binary(variant).toString("base64")}";`;
  },
  generateBundle() {
    for (const variant of builds) {
      this.emitFile({ type: "asset", fileName: `wasm/lowrank-${variant}.wasm`, source: binary(variant) });
    }
  },
});

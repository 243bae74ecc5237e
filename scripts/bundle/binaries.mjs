import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { root } from "../setup/paths.mjs";

function binary(variant) {
  return readFileSync(join(root, "build/wasm", variant, "lowrank_wasm_bg.wasm"));
}

const NAME = /^\.\/wasm\/lowrank-(.+)\.wasm(\?deflated)?$/;

/**
 * Rollup plugin: puts the binaries of the chosen builds into wasm/ of the output. An entry names them `./wasm/lowrank-<variant>.wasm`,
 * kept as an import for the runtime, or with `?deflated` to have the bytes in the JavaScript: compressed, which makes them
 * a third, and as base64.
 */
export const binaries = (builds) => ({
  name: "binaries",
  resolveId(source) {
    const [, , deflated] = NAME.exec(source) ?? [];
    if (deflated !== undefined) return `\0${source}`;
    return NAME.test(source) ? { id: source, external: "relative" } : null;
  },
  load(id) {
    const [, variant] = NAME.exec(id.replace("\0", "")) ?? [];
    return variant === undefined
      ? null
      : `export default "${deflateRawSync(binary(variant), { level: 9 }).toString("base64")}";`;
  },
  generateBundle() {
    for (const variant of builds) {
      this.emitFile({ type: "asset", fileName: `wasm/lowrank-${variant}.wasm`, source: binary(variant) });
    }
  },
});

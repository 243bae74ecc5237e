import { bindgen } from "../../wasm/bindgen.mjs";
import { isBuilt } from "../../wasm/build.mjs";

/** The program that turns compiled Rust into a module with its JavaScript. */
export function bindgenStep(chosen) {
  return {
    title: "wasm-bindgen (compiled once)",
    seconds: 60,
    needed: () => !chosen.every(isBuilt) && !bindgen.isBuilt(),
    run: bindgen.build,
  };
}

import { buildVariant, isBuilt } from "../../wasm/build.mjs";

/** A build of the kernels. */
export function wasmBuild(variant) {
  return {
    title: `kernels, build "${variant}"`,
    seconds: 50,
    needed: () => !isBuilt(variant),
    run: () => buildVariant(variant),
  };
}

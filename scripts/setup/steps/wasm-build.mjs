import { buildVariant, isBuilt } from "../../wasm/build.mjs";

/** A build of the kernels. */
export function wasmBuild(variant) {
  return {
    title: `WASM build "${variant}" (the first takes a minute)`,
    needed: () => !isBuilt(variant),
    run: () => buildVariant(variant),
  };
}

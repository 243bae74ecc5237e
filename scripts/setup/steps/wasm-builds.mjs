import { buildVariant, isBuilt } from "../../wasm/build.mjs";
import { variants } from "../../wasm/variants.mjs";

/** One step a build of the kernels. */
export const wasmBuilds = Object.keys(variants).map((variant) => ({
  title: `WASM build "${variant}" (the first takes a minute)`,
  needed: () => !isBuilt(variant),
  run: () => buildVariant(variant),
}));

import { variants } from "../../wasm/variants.mjs";
import { buildVariant, compileCrate, isBuilt } from "../../wasm/build.mjs";

/**
 * What cargo compiles of a build of the kernels: all but its last steps, which need wasm-bindgen and npm's wasm-opt. A build that is like
 * another begins with what that one has compiled, if it is chosen too.
 */
export function wasmCrate(variant, chosen) {
  const like = chosen.find((other) => other === variants[variant].like);
  return {
    title: `kernels, build "${variant}" (cargo)`,
    makes: `crate ${variant}`,
    after: ["rust target", ...(like ? [`crate ${like}`] : [])],
    seconds: like ? 15 : 55,
    needed: () => !isBuilt(variant),
    run: () => compileCrate(variant),
  };
}

/** A build of the kernels. */
export function wasmBuild(variant) {
  return {
    title: `kernels, build "${variant}" (wasm-bindgen, wasm-opt)`,
    makes: "kernels",
    after: [`crate ${variant}`, "wasm tools", "node modules"],
    seconds: 20,
    needed: () => !isBuilt(variant),
    run: () => buildVariant(variant),
  };
}

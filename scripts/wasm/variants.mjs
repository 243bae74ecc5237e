/**
 * The builds of the kernels: one source, different compile flags.
 * `features` are the target features, `linker` the linker's arguments, `ownStd` says that the standard library itself
 * must be compiled with the features.
 */
export const variants = {
  simd: { features: "+simd128" },
  relaxed: { features: "+simd128,+relaxed-simd" },
};

export function rustFlags({ features, linker = [] }) {
  return [`-C target-feature=${features}`, ...linker.map((argument) => `-C link-arg=${argument}`)].join(" ");
}

/**
 * The builds of the kernels: one source, different compile flags.
 * `features` are the target features, `linker` the linker's arguments, `ownStd` says that the standard library itself
 * must be compiled with the features.
 */
const atomics = "+atomics,+bulk-memory,+mutable-globals";
// Memory is shared by import, so its maximum is fixed when linking: 2 GiB, which the loader may lower.
const shared = [
  "--shared-memory",
  "--import-memory",
  "--max-memory=2147483648",
  ...["__wasm_init_tls", "__tls_size", "__tls_align", "__tls_base", "__heap_base"].map((name) => `--export=${name}`),
];

export const variants = {
  simd: { features: "+simd128" },
  relaxed: { features: "+simd128,+relaxed-simd" },
  "simd-threads": { features: `+simd128,${atomics}`, linker: shared, ownStd: true },
  "relaxed-threads": { features: `+simd128,+relaxed-simd,${atomics}`, linker: shared, ownStd: true },
};

export function rustFlags({ features, linker = [] }) {
  return [`-C target-feature=${features}`, ...linker.map((argument) => `-C link-arg=${argument}`)].join(" ");
}

/** What wasm-opt may find and use: one list for every variant, since what a module does not use stays out of it. */
export const features = [
  ...["simd", "relaxed-simd", "threads", "bulk-memory", "bulk-memory-opt", "mutable-globals"].map(enable),
  ...["nontrapping-float-to-int", "sign-ext", "reference-types", "multivalue"].map(enable),
];

function enable(feature) {
  return `--enable-${feature}`;
}

/**
 * The builds of the kernels: one source, different compile flags.
 * `features` are the target features, `linker` the linker's arguments, `ownStd` says that the standard library itself
 * must be compiled with the features. `ownFeatures` are those of this workspace's crates alone: the standard library is that of the build
 * `like`, which is compiled before.
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
  relaxed: { features: "+simd128", ownFeatures: "+relaxed-simd", like: "simd" },
  "simd-threads": { features: `+simd128,${atomics}`, linker: shared, ownStd: true },
  "relaxed-threads": {
    features: `+simd128,${atomics}`,
    ownFeatures: "+relaxed-simd",
    linker: shared,
    ownStd: true,
    like: "simd-threads",
  },
};

const crates = ["lowrank-kernels", "lowrank-wasm", "lowrank-compact"];

/** Flags of every crate, and those that cargo is called with for the workspace's crates alone. */
export function rustFlags({ features, ownFeatures, linker = [] }) {
  return {
    env: {
      RUSTFLAGS: [`-C target-feature=${features}`, ...linker.map((argument) => `-C link-arg=${argument}`)].join(" "),
      // A stable compiler takes flags of single crates only when told to behave as a nightly one.
      ...(ownFeatures && { RUSTC_BOOTSTRAP: "1", CARGO_UNSTABLE_PROFILE_RUSTFLAGS: "true" }),
    },
    options: ownFeatures
      ? crates.flatMap((crate) => [
          "--config",
          `profile.release.package.${crate}.rustflags=["-Ctarget-feature=${ownFeatures}"]`,
        ])
      : [],
  };
}

/** What wasm-opt may find and use: one list for every variant, since what a module does not use stays out of it. */
export const features = [
  ...["simd", "relaxed-simd", "threads", "bulk-memory", "bulk-memory-opt", "mutable-globals"].map(enable),
  ...["nontrapping-float-to-int", "sign-ext", "reference-types", "multivalue"].map(enable),
];

function enable(feature) {
  return `--enable-${feature}`;
}

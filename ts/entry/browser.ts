import { setBinaryLocator } from "../engine/source.js";

// Bundlers copy a file only where they see its whole name beside `import.meta.url`.
const binaries: Record<string, () => URL> = {
  simd: () => new URL("./wasm/lowrank-simd.wasm", import.meta.url),
  relaxed: () => new URL("./wasm/lowrank-relaxed.wasm", import.meta.url),
};

setBinaryLocator((variant) => binaries[variant]());

export * from "../index.js";

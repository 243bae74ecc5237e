import type { InitOutput as Single } from "../../build/wasm/simd/lowrank_wasm.js";
import type { InitOutput as Shared } from "../../build/wasm/simd-threads/lowrank_wasm.js";
import type { SharedKernels, WasmKernels } from "../../ts/engine/platform-types.js";

/** What wasm-bindgen adds of its own. */
type Glue = `__wbindgen_${string}`;

/** Names whose signature is not the generated one's: another number of parameters, or another result. */
type Differing<Written, Generated> = {
  [K in keyof Written & keyof Generated]: [Written[K], Generated[K]] extends [
    (...args: infer A extends number[]) => infer R,
    (...args: infer B extends number[]) => infer S,
  ]
    ? [A["length"], R] extends [B["length"], S]
      ? never
      : K
    : [Generated[K]] extends [Written[K]]
      ? never
      : K;
}[keyof Written & keyof Generated];

/** Names that are on one side only, or differ. */
type Wrong<Written, Generated> =
  | Exclude<keyof Written, keyof Generated>
  | Exclude<keyof Generated, keyof Written | Glue>
  | Differing<Written, Generated>;

// What ts/engine has read in the sources of crates/wasm is what wasm-bindgen exports: else these lines do not compile, and name what is wrong.
export type Checked = [None<Wrong<WasmKernels, Single>>, None<Exclude<Wrong<SharedKernels, Shared>, "memory">>];
type None<Names extends never> = Names;

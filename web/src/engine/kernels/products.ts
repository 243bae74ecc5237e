/** The measured matrix products, m×k times k×n, and their use in a model. */
export const products = [
  { use: "square", m: 512, k: 512, n: 512 },
  { use: "layer", m: 512, k: 384, n: 384 },
  { use: "wide", m: 512, k: 384, n: 1536 },
  { use: "adapter", m: 512, k: 384, n: 8 },
] as const;

/** Messages of the measuring worker, in billions of multiplications and additions per second. */
export type Measurement =
  | {
      readonly type: "begun";
      readonly build: "relaxed" | "simd";
      readonly threads: readonly number[];
      readonly refused: string | null;
    }
  /** The peak of one thread so far. */
  | { readonly type: "peak"; readonly rate: number }
  | { readonly type: "rate"; readonly product: number; readonly threads: number; readonly rate: number }
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly name: string; readonly message: string };

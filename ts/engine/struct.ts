/** Kinds of fields, 4 bytes each: an unsigned integer or a pointer, and a float. */
type Kind = "u32" | "f32";

/** Fields of a struct in memory, in order and without gaps. */
export type Layout = Readonly<Record<string, Kind>>;

/** A number for each field. */
export type Values<L extends Layout> = { readonly [K in keyof L]: number };

/** What the kernels of attention have in common, forward and gradient: `AttentionPlan` in `crates/wasm/src/attention.rs`. */
export const attentionPlan = {
  keyBias: "u32",
  sequences: "u32",
  heads: "u32",
  kvHeads: "u32",
  headDim: "u32",
  qRow: "u32",
  qHead: "u32",
  kvRow: "u32",
  kvHead: "u32",
  oRow: "u32",
  oHead: "u32",
  lseHead: "u32",
  keyBiasStep: "u32",
  scale: "f32",
  causal: "u32",
} as const satisfies Layout;

/** What the gradient of attention reads and writes: `AttentionGradient` there. */
export const attentionGradient = {
  g: "u32",
  q: "u32",
  k: "u32",
  v: "u32",
  lse: "u32",
  dq: "u32",
  dk: "u32",
  dv: "u32",
  accumulateQ: "u32",
  accumulateK: "u32",
  accumulateV: "u32",
} as const satisfies Layout;

/** Elements that a struct takes. */
export function wordsOf(layout: Layout): number {
  return Object.keys(layout).length;
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Writes a struct at the start of `words`, to be uploaded. Gives `words` back. */
export function writeStruct<L extends Layout>(layout: L, values: Values<L>, words: Int32Array): Int32Array {
  let i = 0;
  for (const name in layout) {
    const value = values[name];
    if (layout[name] === "f32") {
      float[0] = value;
      words[i++] = bits[0]!;
    } else words[i++] = value;
  }
  return words;
}

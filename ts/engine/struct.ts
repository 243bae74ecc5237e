import type { Pointer } from "./kernels.js";

// Structs that kernels read from memory, four bytes a field: the same fields in the same order as those of their names in
// `crates/wasm`. Written into `words`, which are then uploaded.

/** What the kernels of attention have in common, forward and gradient. Distances count elements. */
export interface AttentionPlanStruct {
  /** Added to the scores: `[sequences, keyBiasStep]`, 0 or −∞; 0 for none. */
  readonly keyBias: Pointer;
  readonly sequences: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly qRow: number;
  readonly qHead: number;
  readonly kvRow: number;
  readonly kvHead: number;
  readonly oRow: number;
  readonly oHead: number;
  readonly lseHead: number;
  readonly keyBiasStep: number;
  readonly scale: number;
  readonly causal: 0 | 1;
}

/** Elements that it takes. */
export const ATTENTION_PLAN = 15;

export function writeAttentionPlan(words: Int32Array, s: AttentionPlanStruct): void {
  write(words, [
    s.keyBias, s.sequences, s.heads, s.kvHeads, s.headDim, s.qRow, s.qHead, s.kvRow, s.kvHead, s.oRow, s.oHead,
    s.lseHead, s.keyBiasStep, bitsOf(s.scale), s.causal,
  ]); // prettier-ignore
}

/** What the gradient of attention reads and writes; dq, dk and dv are each 0 where not wanted. */
export interface AttentionGradientStruct {
  readonly g: Pointer;
  readonly q: Pointer;
  readonly k: Pointer;
  readonly v: Pointer;
  readonly lse: Pointer;
  readonly dq: Pointer;
  readonly dk: Pointer;
  readonly dv: Pointer;
  readonly accumulateQ: 0 | 1;
  readonly accumulateK: 0 | 1;
  readonly accumulateV: 0 | 1;
}

/** Elements that it takes. */
export const ATTENTION_GRADIENT = 11;

export function writeAttentionGradient(words: Int32Array, s: AttentionGradientStruct): void {
  write(words, [s.g, s.q, s.k, s.v, s.lse, s.dq, s.dk, s.dv, s.accumulateQ, s.accumulateK, s.accumulateV]);
}

/** By itself, since `set` of a list costs as much as a small kernel. */
function write(words: Int32Array, fields: readonly number[]): void {
  for (let i = 0; i < fields.length; i++) words[i] = fields[i]!;
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

function bitsOf(value: number): number {
  float[0] = value;
  return bits[0]!;
}

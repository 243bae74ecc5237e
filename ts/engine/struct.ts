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
  /** A query sees keys at most so far from it; 2³² − 1 for all. */
  readonly window: number;
  /** Added to the scores by head and distance i − j: at distance 0 of head 0; 0 for none. */
  readonly distanceBias: Pointer;
  readonly distanceBiasStep: number;
  /** Bucket of each distance: at distance 0. */
  readonly buckets: Pointer;
  readonly bucketCount: number;
  /** `[tokens, heads, bucketCount]`, added to the scores of a query and of a key before their scaling; 0 for none. */
  readonly c2p: Pointer;
  readonly p2c: Pointer;
}

/** Elements that it takes. */
export const ATTENTION_PLAN = 22;

/** What depends on the distance, where nothing does. */
export const noDistances = {
  window: 2 ** 32 - 1,
  distanceBias: 0,
  distanceBiasStep: 0,
  buckets: 0,
  bucketCount: 0,
  c2p: 0,
  p2c: 0,
} as const;

export function writeAttentionPlan(words: Int32Array, s: AttentionPlanStruct): void {
  write(words, [
    s.keyBias, s.sequences, s.heads, s.kvHeads, s.headDim, s.qRow, s.qHead, s.kvRow, s.kvHead, s.oRow, s.oHead,
    s.lseHead, s.keyBiasStep, bitsOf(s.scale), s.causal, s.window, s.distanceBias,
    s.distanceBiasStep, s.buckets, s.bucketCount, s.c2p, s.p2c,
  ]); // prettier-ignore
}

/** What the gradient of attention reads and writes; what is not wanted is 0. */
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
  readonly dc2p: Pointer;
  readonly dp2c: Pointer;
  readonly accumulateC2p: 0 | 1;
  readonly accumulateP2c: 0 | 1;
}

/** Elements that it takes. */
export const ATTENTION_GRADIENT = 15;

export function writeAttentionGradient(words: Int32Array, s: AttentionGradientStruct): void {
  write(words, [
    s.g, s.q, s.k, s.v, s.lse, s.dq, s.dk, s.dv, s.accumulateQ, s.accumulateK, s.accumulateV, s.dc2p, s.dp2c,
    s.accumulateC2p, s.accumulateP2c,
  ]); // prettier-ignore
}

/** An adapter on some rows, as `lora_forward` takes it. */
export interface LoraForwardStruct {
  readonly t: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly rank: number;
  readonly scaling: number;
  readonly x: Pointer;
  readonly xRow: number;
  readonly a: Pointer;
  readonly b: Pointer;
  readonly u: Pointer;
  readonly y: Pointer;
  readonly yRow: number;
}

/** Elements that it takes. */
export const LORA_FORWARD = 12;

/** Writes number `i` of a table of them. */
export function writeLoraForward(words: Int32Array, s: LoraForwardStruct, i = 0): void {
  write(
    words,
    [s.t, s.inFeatures, s.outFeatures, s.rank, bitsOf(s.scaling), s.x, s.xRow, s.a, s.b, s.u, s.y, s.yRow],
    LORA_FORWARD * i,
  );
}

/** By itself, since `set` of a list costs as much as a small kernel. */
function write(words: Int32Array, fields: readonly number[], at = 0): void {
  for (let i = 0; i < fields.length; i++) words[at + i] = fields[i]!;
}

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

function bitsOf(value: number): number {
  float[0] = value;
  return bits[0]!;
}

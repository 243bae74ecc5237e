// Made from crates/wasm by scripts/wasm/interface, which `npm run build` runs. Do not edit.

import type { Pointer } from "./kernels.js";
import { bitsOf, writeWords } from "./words.js";

// Structs that kernels read from memory, four bytes a field.

/**
 * What forward and gradient have in common. Behind it lies the table, a `Sequence` each. Strides are those of `Layout`
 * (a head of K and V is `kv_head` apart), `key_bias` is 0 or `[sequences, key_bias_step]`; the last six are `Distances`.
 */
export interface AttentionPlanStruct {
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
  readonly causal: number;
  /** 2³² − 1 for none. */
  readonly window: number;
  readonly distanceBias: Pointer;
  readonly distanceBiasStep: number;
  readonly buckets: Pointer;
  readonly bucketCount: number;
  readonly c2p: Pointer;
  readonly p2c: Pointer;
}

/** Words of `AttentionPlanStruct`. */
export const ATTENTION_PLAN = 22;

/** Writes `AttentionPlanStruct` at word `at`. */
export function writeAttentionPlan(words: Int32Array, s: AttentionPlanStruct, at?: number): void {
  writeWords(
    words,
    [
      s.keyBias, s.sequences, s.heads, s.kvHeads, s.headDim, s.qRow, s.qHead, s.kvRow, s.kvHead, s.oRow, s.oHead,
      s.lseHead, s.keyBiasStep, bitsOf(s.scale), s.causal, s.window, s.distanceBias, s.distanceBiasStep, s.buckets,
      s.bucketCount, s.c2p, s.p2c,
    ],
    at,
  );
}

/** Operands and results of the gradient; what is not wanted is 0. */
export interface AttentionGradientStruct {
  readonly g: Pointer;
  readonly q: Pointer;
  readonly k: Pointer;
  readonly v: Pointer;
  readonly lse: Pointer;
  readonly dq: Pointer;
  readonly dk: Pointer;
  readonly dv: Pointer;
  readonly accumulateQ: number;
  readonly accumulateK: number;
  readonly accumulateV: number;
  readonly dc2p: Pointer;
  readonly dp2c: Pointer;
  readonly accumulateC2p: number;
  readonly accumulateP2c: number;
}

/** Words of `AttentionGradientStruct`. */
export const ATTENTION_GRADIENT = 15;

/** Writes `AttentionGradientStruct` at word `at`. */
export function writeAttentionGradient(words: Int32Array, s: AttentionGradientStruct, at?: number): void {
  writeWords(
    words,
    [
      s.g, s.q, s.k, s.v, s.lse, s.dq, s.dk, s.dv, s.accumulateQ, s.accumulateK, s.accumulateV, s.dc2p, s.dp2c,
      s.accumulateC2p, s.accumulateP2c,
    ],
    at,
  );
}

/** Arguments of `lora_forward`. */
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

/** Words of `LoraForwardStruct`. */
export const LORA_FORWARD = 12;

/** Writes `LoraForwardStruct` at word `at`. */
export function writeLoraForward(words: Int32Array, s: LoraForwardStruct, at?: number): void {
  writeWords(
    words,
    [
      s.t, s.inFeatures, s.outFeatures, s.rank, bitsOf(s.scaling), s.x, s.xRow, s.a, s.b, s.u, s.y, s.yRow,
    ],
    at,
  );
}

import type { HeadPlan } from "./architecture.js";

// Heads of transformers' models for sequence classification.

const plain = { pooling: "cls", denseBias: true, norm: null, activation: "tanh" } as const;

/** BERT's: the model's pooler and one more layer. */
export const poolerHead = (prefix: string, dense = "pooler.dense"): HeadPlan => ({
  ...plain,
  prefix,
  dense,
  out: "classifier",
});

/** RoBERTa's: both layers in one module. */
export const twoLayerHead = (prefix: string): HeadPlan => ({
  ...plain,
  prefix,
  dense: "classifier.dense",
  out: "classifier.out_proj",
});

/** A second module before the last. */
export const beforeHead = (prefix: string, dense: string, rest: Partial<HeadPlan>): HeadPlan => ({
  ...plain,
  prefix,
  dense,
  out: "classifier",
  ...rest,
});

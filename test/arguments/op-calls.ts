import type { ops } from "../../ts/ops/index.js";
import type { Scene } from "./scene.js";

/** Right arguments of a call, everything optional given. */
export type Arguments = (scene: Scene) => unknown[];

const unary: Arguments = ({ matrix }) => [matrix];
const binary: Arguments = ({ matrix, vector }) => [matrix, vector];
const reduction: Arguments = ({ matrix }) => [matrix, { dim: [0, 1], keepDim: true }];

/** Right arguments of every op. One without a row does not compile. */
export const opCalls: Record<keyof typeof ops, Arguments[]> = {
  abs: [unary],
  add: [binary],
  amax: [reduction],
  amin: [reduction],
  clamp: [({ matrix }) => [matrix, { min: -1, max: 1 }]],
  concat: [({ matrix, square }) => [[matrix, square], 0]],
  cos: [unary],
  crossEntropy: [
    ({ matrix }) => [matrix, [2, 0], { reduction: "mean", ignoreIndex: -1, labelSmoothing: 0.25, weight: [1, 2, 0.5] }],
    ({ matrix }) => [matrix, Int32Array.of(2, -100), { reduction: "none" }],
  ],
  disentangledAttention: [
    ({ qkv }) => [qkv, qkv, null, { offsets: [0, 1, 4], heads: 2, scale: 0.5, buckets: [5, 4, 0, 3, 1] }],
    ({ qkv }) => [qkv, qkv, qkv, { offsets: [0, 4], heads: 2, buckets: Int32Array.of(0, 1, 2, 3, 4, 5, 5) }],
  ],
  div: [binary],
  dropout: [({ matrix }) => [matrix, 0.5]],
  embedding: [
    ({ square }) => [square, [0, 2, 1, 0], { shape: [2, 2], paddingIndex: 1 }],
    ({ square }) => [square, [0, 2, 1, 0]],
  ],
  erf: [unary],
  exp: [unary],
  expand: [({ vector }) => [vector, [2, -1]], ({ scalar }) => [scalar, [2]]],
  gather: [({ matrix }) => [matrix, { dim: 1, indices: [0, 2], shape: [2, 1] }]],
  gelu: [({ matrix }) => [matrix, { approximate: "tanh" }]],
  indexSelect: [({ matrix }) => [matrix, { dim: 1, indices: [0, 2, 2] }]],
  layerNorm: [
    ({ matrix, vector }) => [matrix, vector, null, { normalizedShape: [3], eps: 0.1 }],
    ({ matrix, vector }) => [matrix, null, vector, { normalizedShape: 3 }],
  ],
  linear: [({ matrix, weight }) => [matrix, weight, null]],
  log: [unary],
  logSoftmax: [({ matrix }) => [matrix, 0]],
  loraLinear: [
    ({ matrix, weight, layer }) => [
      [matrix, weight, layer.loraA, layer.loraB],
      { bias: false, adapterInput: false, adapters: [{ start: 0, width: 4, scaling: 0.5 }] },
    ],
    ({ matrix, weight, layer }) => [
      [matrix, weight, matrix, layer.loraA, layer.loraB],
      { bias: false, adapterInput: true, adapters: [{ start: 0, width: 4, scaling: 0.5, rows: { start: 1, end: 2 } }] },
    ],
  ],
  matmul: [({ matrix, square }) => [matrix, square, { transposeA: false, transposeB: true }]],
  maximum: [binary],
  mean: [reduction],
  meanPool: [({ matrix }) => [matrix, [0, 1, 2]]],
  minimum: [binary],
  mseLoss: [({ matrix }) => [matrix, matrix, { reduction: "sum" }]],
  mul: [binary],
  neg: [unary],
  normalize: [({ matrix }) => [matrix, { eps: 0.1 }]],
  pad: [({ matrix }) => [matrix, { dim: 0, before: 1, after: 2, value: 3 }]],
  permute: [({ matrix }) => [matrix, [1, 0]]],
  pow: [({ matrix }) => [matrix, 2]],
  quickGelu: [unary],
  raggedAttention: [
    ({ qkv }) => [
      qkv,
      {
        ...{ offsets: [0, 1, 4], heads: 2, kvHeads: 2, scale: 0.5, causal: true, window: 2 },
        distanceBias: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      },
    ],
  ],
  reciprocal: [unary],
  relu: [unary],
  reshape: [({ matrix }) => [matrix, [3, -1]]],
  rmsNorm: [({ matrix, vector }) => [matrix, vector, { eps: 0.1 }]],
  rsqrt: [unary],
  scaledDotProductAttention: [({ heads }) => [heads, heads, heads, { causal: true, scale: 0.5, mask: [1, 0, 1] }]],
  sigmoid: [unary],
  silu: [unary],
  sin: [unary],
  slice: [({ matrix }) => [matrix, { dim: 1, start: 0, end: 2, step: 1 }]],
  softmax: [({ matrix }) => [matrix, 0]],
  sqrt: [unary],
  square: [unary],
  sub: [binary],
  sum: [reduction, ({ matrix }) => [matrix, { dim: 0 }]],
  tanh: [unary],
  transpose: [({ matrix }) => [matrix, 0, 1]],
};

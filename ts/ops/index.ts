import { gelu, quickGelu, relu, sigmoid, silu, tanh } from "./activation.js";
import { add, div, maximum, minimum, mul, sub } from "./binary.js";
import { concat } from "./concat.js";
import { crossEntropy } from "./cross-entropy.js";
import { dropout } from "./dropout.js";
import { embedding } from "./embedding.js";
import { expand } from "./expand.js";
import { amax, amin } from "./extremes.js";
import { layerNorm } from "./layer-norm.js";
import { linear } from "./linear.js";
import { loraLinear } from "./lora-linear.js";
import { matmul } from "./matmul.js";
import { meanPool } from "./mean-pool.js";
import { mean } from "./mean.js";
import { mseLoss } from "./mse-loss.js";
import { normalize } from "./normalize.js";
import { pad } from "./pad.js";
import { permute, transpose } from "./permute.js";
import { raggedAttention } from "./ragged-attention.js";
import { reshape } from "./reshape.js";
import { rmsNorm } from "./rms-norm.js";
import { scaledDotProductAttention } from "./scaled-dot-product-attention.js";
import { gather, indexSelect } from "./select.js";
import { slice } from "./slice.js";
import { logSoftmax, softmax } from "./softmax.js";
import { sum } from "./sum.js";
import { abs, clamp, cos, erf, exp, log, neg, pow, reciprocal, rsqrt, sin, sqrt, square } from "./unary.js";

/** Every operation, by the name of its `Graph` method. */
export const ops = {
  abs,
  add,
  amax,
  amin,
  clamp,
  concat,
  cos,
  crossEntropy,
  div,
  dropout,
  embedding,
  erf,
  exp,
  expand,
  gather,
  gelu,
  indexSelect,
  layerNorm,
  linear,
  log,
  logSoftmax,
  loraLinear,
  matmul,
  maximum,
  mean,
  meanPool,
  minimum,
  mseLoss,
  mul,
  neg,
  normalize,
  pad,
  permute,
  pow,
  quickGelu,
  raggedAttention,
  reciprocal,
  relu,
  reshape,
  rmsNorm,
  rsqrt,
  scaledDotProductAttention,
  sigmoid,
  silu,
  sin,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  transpose,
} as const;

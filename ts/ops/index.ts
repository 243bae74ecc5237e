import { add, div, maximum, minimum, mul, sub } from "./binary.js";
import { concat } from "./concat.js";
import { expand } from "./expand.js";
import { amax, amin } from "./extremes.js";
import { linear } from "./linear.js";
import { loraLinear } from "./lora-linear.js";
import { matmul } from "./matmul.js";
import { mean } from "./mean.js";
import { normalize } from "./normalize.js";
import { pad } from "./pad.js";
import { permute, transpose } from "./permute.js";
import { reshape } from "./reshape.js";
import { gather, indexSelect } from "./select.js";
import { slice } from "./slice.js";
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
  div,
  erf,
  exp,
  expand,
  gather,
  indexSelect,
  linear,
  log,
  loraLinear,
  matmul,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  normalize,
  pad,
  permute,
  pow,
  reciprocal,
  reshape,
  rsqrt,
  sin,
  slice,
  sqrt,
  square,
  sub,
  sum,
  transpose,
} as const;

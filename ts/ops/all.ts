export { add, div, maximum, minimum, mul, sub } from "./binary.js";
export { concat } from "./concat.js";
export { crossEntropy } from "./cross-entropy.js";
export { dropout } from "./dropout.js";
export {
  abs,
  clamp,
  cos,
  erf,
  exp,
  gelu,
  log,
  neg,
  pow,
  quickGelu,
  reciprocal,
  relu,
  rsqrt,
  sigmoid,
  silu,
  sin,
  sqrt,
  square,
  tanh,
} from "./elementwise.js";
export { embedding } from "./embedding.js";
export { expand } from "./expand.js";
export { amax, amin } from "./extremes.js";
export { layerNorm } from "./layer-norm.js";
export { linear } from "./linear.js";
export { loraLinear } from "./lora-linear.js";
export { matmul } from "./matmul.js";
export { meanPool } from "./mean-pool.js";
export { mseLoss } from "./mse-loss.js";
export { normalize } from "./normalize.js";
export { pad } from "./pad.js";
export { permute, transpose } from "./permute.js";
export { raggedAttention } from "./ragged-attention.js";
export { reshape } from "./reshape.js";
export { rmsNorm } from "./rms-norm.js";
export { scaledDotProductAttention } from "./scaled-dot-product-attention.js";
export { gather, indexSelect } from "./select.js";
export { slice } from "./slice.js";
export { logSoftmax, softmax } from "./softmax.js";
export { mean, sum } from "./sums.js";

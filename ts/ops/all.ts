export { add, div, maximum, minimum, mul, sub } from "./elementwise/binary.js";
export { concat } from "./shape/concat.js";
export { crossEntropy } from "./loss/cross-entropy.js";
export { dropout } from "./elementwise/dropout.js";
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
} from "./elementwise/unary.js";
export { embedding } from "./lookup/embedding.js";
export { expand } from "./shape/expand.js";
export { amax, amin } from "./reduction/extremes.js";
export { layerNorm } from "./normalisation/layer-norm.js";
export { linear } from "./product/linear.js";
export { loraLinear } from "./product/lora-linear.js";
export { matmul } from "./product/matmul.js";
export { meanPool } from "./reduction/mean-pool.js";
export { mseLoss } from "./loss/mse-loss.js";
export { normalize } from "./normalisation/normalize.js";
export { pad } from "./shape/pad.js";
export { permute, transpose } from "./shape/permute.js";
export { disentangledAttention } from "./attention/disentangled-attention.js";
export { raggedAttention } from "./attention/ragged-attention.js";
export { reshape } from "./shape/reshape.js";
export { rmsNorm } from "./normalisation/rms-norm.js";
export { scaledDotProductAttention } from "./attention/scaled-dot-product-attention.js";
export { gather, indexSelect } from "./lookup/select.js";
export { slice } from "./shape/slice.js";
export { logSoftmax, softmax } from "./normalisation/softmax.js";
export { mean, sum } from "./reduction/sums.js";

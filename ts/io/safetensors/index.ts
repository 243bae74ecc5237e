export { decodeTensor, encodeTensor, nonFiniteHalf } from "./convert.js";
export {
  byteLength,
  dtypeBits,
  type Dtype,
  type FloatDtype,
  isFloat,
  isReadableFloat,
  takeWeightOptions,
  weightProblem,
  type WeightOptions,
} from "./dtypes.js";
export {
  type GroupedTensors,
  openSafetensors,
  type OpenTensorFile,
  readIndex,
  readSafetensors,
  type TensorFile,
  type TensorIndex,
} from "./read.js";
export type { TensorInfo } from "./header.js";
export { fillSafetensors, streamSafetensors, writeSafetensors } from "./write.js";
export { joinIndexes, openShards, readWeightMap, WEIGHTS, WEIGHTS_INDEX } from "./shards.js";
export type { WeightMap } from "./shards.js";

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
  type TensorInfo,
} from "./header.js";
export {
  type GroupedTensors,
  openSafetensors,
  type OpenTensorFile,
  readIndex,
  readSafetensors,
  type TensorFile,
  type TensorIndex,
  joinIndexes,
  openShards,
  readWeightMap,
  WEIGHTS,
  WEIGHTS_INDEX,
  type WeightMap,
} from "./read.js";
export { fillSafetensors, streamSafetensors, writeSafetensors } from "./write.js";

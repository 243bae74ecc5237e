// What `lowrank` is built of: for people who write layers, models or loaders of their own. The same file in every runtime, with the engine
// of whichever entry was imported.
export { Graph } from "../graph/graph.js";
export type { NodeId } from "../graph/node.js";
export type { Mark } from "../graph/steps.js";
export type { GraphOptions } from "../graph/tape.js";
export { tensor, zeros } from "../values/tensor.js";
export type { Tensor } from "../values/tensor.js";

export { frozenMatrix, setStoredMatrix, storedMatrix } from "../graph/frozen/stored-weight.js";
export type { StoredMatrix, StoredMatrixInput } from "../graph/frozen/stored-weight.js";
export type { WeightFormat } from "../ops/product/frozen-weight.js";
export { roundedLinear, roundedTableProduct } from "../graph/frozen/rounded-linear.js";

export { raggedBatch } from "../models/ragged-batch.js";
export type { RaggedBatch } from "../models/ragged-batch.js";
export { HeadOnlyTask } from "../train/head-only.js";
export type { VectorExample } from "../train/head-only.js";

import * as headOnly from "../train/head-only.js";
import * as ragged from "./ragged-batch.js";

// Names that the root exports for one more minor version.

/** @deprecated Import it from `lowrank/graph`. */
export const raggedBatch = ragged.raggedBatch;
/** @deprecated Import it from `lowrank/graph`. */
export type RaggedBatch = ragged.RaggedBatch;
/** @deprecated Import it from `lowrank/graph`. */
export const HeadOnlyTask = headOnly.HeadOnlyTask;
/** @deprecated Import it from `lowrank/graph`. */
export type HeadOnlyTask = headOnly.HeadOnlyTask;
/** @deprecated Import it from `lowrank/graph`. */
export type VectorExample = headOnly.VectorExample;

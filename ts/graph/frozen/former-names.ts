import type { WeightFormat as Format } from "../../ops/product/frozen-weight.js";
import * as rounded from "./rounded-linear.js";
import type * as matrix from "./stored-matrix.js";
import * as weight from "./stored-weight.js";

// Names that the root exports for one more minor version.

/** @deprecated Import it from `lowrank/graph`. */
export const frozenMatrix = weight.frozenMatrix;
/** @deprecated Import it from `lowrank/graph`. */
export const setStoredMatrix = weight.setStoredMatrix;
/** @deprecated Import it from `lowrank/graph`. */
export const storedMatrix = weight.storedMatrix;
/** @deprecated Import it from `lowrank/graph`. */
export type StoredMatrix = matrix.StoredMatrix;
/** @deprecated Import it from `lowrank/graph`. */
export type StoredMatrixInput = matrix.StoredMatrixInput;
/** @deprecated Import it from `lowrank/graph`. */
export type WeightFormat = Format;
/** @deprecated Import it from `lowrank/graph`. */
export const roundedLinear = rounded.roundedLinear;
/** @deprecated Import it from `lowrank/graph`. */
export const roundedTableProduct = rounded.roundedTableProduct;

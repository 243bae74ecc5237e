import type { GradientTarget } from "./op.js";

/** Target of a gradient that is not wanted, for kernels that compute several: they skip null pointers. */
export const unwanted: GradientTarget = { pointer: 0, accumulate: 0 };

import { choice, type Read } from "../../arguments/read-options.js";

/** How a loss becomes one number: the mean or sum of its elements, or "none": the elements themselves. */
export type LossReduction = "mean" | "sum" | "none";

/** Reads a `reduction`, "mean" by default. */
export const readReduction: Read<LossReduction> = choice("mean", "sum", "none");

import type { HeadPlan } from "../architecture.js";

/**
 * Whether PEFT trains the layer before the last together with the last one: if it is in the same module, or its name ends with the last
 * one's, as "pre_classifier" does.
 */
export const isWithinHead = ({ dense, out }: HeadPlan) => moduleOf(dense).endsWith(moduleOf(out));

/** The module of the model that contains a path. */
export const moduleOf = (path: string) => path.split(".")[0]!;

import { CrossEncoder } from "../../../tasks/cross/cross-encoder.js";
import type { Family } from "./family.js";

/** Encoders of pairs. */
export const cross: Family = { classes: { CrossEncoder } };

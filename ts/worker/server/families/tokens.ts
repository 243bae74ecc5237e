import { TextRegressor } from "../../../tasks/regress/text-regressor.js";
import { TokenClassifier } from "../../../tasks/tokens/token-classifier.js";
import type { Family } from "./family.js";

/** Labelled words, and numbers. */
export const tokens: Family = { classes: { TextRegressor, TokenClassifier } };

import { CausalLanguageModel } from "../../../models/language/causal-language-model.js";
import type { Family } from "./family.js";

/** Language models, which make their sessions. */
export const language: Family = { classes: { CausalLanguageModel } };

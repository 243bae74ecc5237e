import { SentenceEncoder } from "../../../models/sentence/sentence-encoder.js";
import { predictEach } from "../../../tasks/head/predict-each.js";
import { TextClassifier } from "../../../tasks/classify/text-classifier.js";
import type { AnyFunction, Family } from "./family.js";

/** Encoders, and classes of texts. */
export const encoders: Family = {
  classes: { SentenceEncoder, TextClassifier },
  functions: { predictEach: predictEach as AnyFunction },
};

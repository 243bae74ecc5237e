import { eld } from "eld/extrasmall";
import type { Recognise } from "./text-languages.js";

/** Recognises sixty languages by their sequences of letters. This file is large and slow to load, so only a worker loads it. */
export const recognise: Recognise = (text) => {
  const found = eld.detect(text);
  return { language: found.language, isSure: found.isReliable() };
};

import { copiedOptions } from "../../../arguments/options.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { SentenceExample } from "./sentence-examples.js";
import type { SentenceFitOptions } from "./fit-options.js";

/** A deep copy of data of a call of `fit`, typed arrays too. Throws `ConfigError` for what cannot be copied, such as functions. */
export function dataCopy<T>(name: string, value: T): T {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new ConfigError(`fit: ${name} are plain data, got ${excerpt(value)}`, { op: "fit", option: name }, { cause });
  }
}

/** A call's arguments as they are now: the code that checks and uses them is fetched first. Throws as `dataCopy`. */
export function copiedCall(examples: readonly SentenceExample[], options: SentenceFitOptions) {
  const own = typeof options === "object" ? copiedOptions(options) : options;
  const { lossOptions } = own;
  if (typeof lossOptions === "object" && lossOptions !== null) {
    // A guide is a model.
    const { guide, ...data } = lossOptions;
    Object.assign(own, { lossOptions: { ...dataCopy("lossOptions", data), guide } });
  }
  return { examples: dataCopy("examples", examples), options: own };
}

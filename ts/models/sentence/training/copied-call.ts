import { copiedOptions } from "../../../arguments/options.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { SentenceExample } from "./sentence-examples.js";
import type { SentenceFitOptions } from "./fit-options.js";

/** A call's arguments as they are now: the code that checks and uses them is fetched first. Throws `ConfigError` for examples with functions. */
export function copiedCall(examples: readonly SentenceExample[], options: SentenceFitOptions) {
  const own = typeof options === "object" ? copiedOptions(options) : options;
  const { lossOptions } = own;
  const isCopied = typeof lossOptions === "object" && lossOptions !== null;
  const copied = isCopied ? { ...own, lossOptions: { ...lossOptions } } : own;
  try {
    return { examples: structuredClone(examples), options: copied };
  } catch (cause) {
    const message = `fit: examples are plain data, got ${excerpt(examples)}`;
    throw new ConfigError(message, { op: "fit", option: "examples" }, { cause });
  }
}

import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { SentenceExample } from "./sentence-examples.js";
import type { SentenceFitOptions } from "./fit-options.js";

/** A call's arguments as they are now: the code that checks and uses them is fetched first. Throws `ConfigError` for examples with functions. */
export function copiedCall(examples: readonly SentenceExample[], options: SentenceFitOptions) {
  const own: Record<string, unknown> = {};
  if (typeof options === "object") for (const name in options) own[name] = options[name as keyof SentenceFitOptions];
  const { lossOptions } = own;
  if (typeof lossOptions === "object" && lossOptions !== null) own["lossOptions"] = { ...lossOptions };
  try {
    return {
      examples: structuredClone(examples),
      options: typeof options === "object" ? (own as SentenceFitOptions) : options,
    };
  } catch (cause) {
    const message = `fit: examples are plain data, got ${excerpt(examples)}`;
    throw new ConfigError(message, { op: "fit", option: "examples" }, { cause });
  }
}

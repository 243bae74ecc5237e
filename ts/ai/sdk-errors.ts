import { ConfigError, UnsupportedError } from "../errors/errors.js";

/**
 * Makes an error one of the AI SDK's too: these are found by symbols, across copies of the package, so that `isInstance` of their classes
 * is true.
 */
function marked<E extends Error>(error: E, name: string, fields: object): E {
  const marks = ["vercel.ai.error", `vercel.ai.error.${name}`].map((mark) => [Symbol.for(mark), true]);
  return Object.assign(error, { name, ...Object.fromEntries(marks), ...fields });
}

/** An `UnsupportedError` that is an `UnsupportedFunctionalityError` too. */
export function unsupported(what: string, functionality: string, advice: string): Error {
  const message = `${what}: ${functionality} is not supported: ${advice}`;
  const error = new UnsupportedError(message, { op: what, option: "prompt", value: functionality });
  return marked(error, "AI_UnsupportedFunctionalityError", { functionality });
}

/** A `ConfigError` that is a `NoSuchModelError` too. */
export function noSuchModel(modelId: string, modelType: string, allowed: readonly string[]): Error {
  const message = `there is no ${modelType} ${JSON.stringify(modelId)} (there are ${allowed.join(", ") || "none"})`;
  const error = new ConfigError(message, { op: "createLowrank", option: "modelId", value: modelId, allowed });
  return marked(error, "AI_NoSuchModelError", { modelId, modelType });
}

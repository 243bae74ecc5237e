import { ConfigError } from "../errors/errors.js";
import type { OptionNames } from "./job-events.js";

/** Replaces the option's name in an error about `maxTokens` by the caller's own; returns other errors unchanged. */
export function withOptionName(error: unknown, { setting }: OptionNames): unknown {
  if (!(error instanceof ConfigError) || error.details["option"] !== "maxTokens") return error;
  const message = error.message.replace(/^load: maxTokens/, setting("maxTokens"));
  return new ConfigError(message, error.details, { cause: error });
}

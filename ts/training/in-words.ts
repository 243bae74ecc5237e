import { ConfigError } from "../errors/errors.js";
import type { JobWords } from "./job-events.js";

/** A refusal of a model's length of texts, with the name that the caller's users have for that; other errors as they are. */
export function inWords(error: unknown, { setting }: JobWords): unknown {
  if (!(error instanceof ConfigError) || error.details["option"] !== "maxTokens") return error;
  const message = error.message.replace(/^load: maxTokens/, setting("maxTokens"));
  return new ConfigError(message, error.details, { cause: error });
}

import { isRecord } from "../../arguments/collections.js";
import { type Read, readOptions } from "../../arguments/options.js";
import { unexpected } from "../../arguments/settings.js";
import { type TextFormat, textFormatReaders } from "../../constraint/text-format.js";
import { ConfigError } from "../../errors/errors.js";

const { regex, grammar, choices } = textFormatReaders;
/** Null is as none, which clients send. */
const orNull =
  <T>(read: Read<T>): Read<T> =>
  (what, name, value) =>
    read(what, name, value ?? undefined);
const readers = { regex: orNull(regex), grammar: orNull(grammar), choice: orNull(choices) };

/** The field of vLLM that binds an answer to what is no JSON, which has the field `response_format`. */
export const structuredOutputs: Read<TextFormat> = (what, name, value) => {
  if (value === undefined) return {};
  if (!isRecord(value)) throw unexpected(what, name, "an object { regex }, { grammar } or { choice }", value);
  const { choice, ...rest } = readOptions(`${what}: ${name}`, value, readers);
  return { ...rest, choices: choice };
};

/** The format of an answer. @param schema of JSON. Throws `ConfigError` if there is another beside it. */
export function answerFormat(what: string, schema: TextFormat["schema"], other: TextFormat): TextFormat {
  if (schema === undefined) return other;
  if (Object.values(other).every((value) => value === undefined)) return { schema };
  throw new ConfigError(`${what}: structured_outputs is for an answer without a schema: give one of the two`, {
    op: what,
    option: "structured_outputs",
  });
}

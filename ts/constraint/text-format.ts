import { isRecord, listFrom, plainCopy, text, unexpected } from "../arguments/settings.js";
import { optional } from "../arguments/options.js";
import { ConfigError } from "../errors/errors.js";

/** Options that bind a generated text to a format; one at most. Every answer fits it, unless `maxTokens` cuts it. */
export interface TextFormat {
  /**
   * A JSON Schema: the answer is JSON as `JSON.stringify` writes it, with properties in the schema's order. docs/language-models.md lists the
   * keywords.
   */
  readonly schema?: Readonly<Record<string, unknown>> | boolean | undefined;
  /** A regular expression in ECMAScript's syntax that the whole answer matches. */
  readonly regex?: string | undefined;
  /** A grammar in llama.cpp's notation (GBNF): the whole answer is a text of its rule `root`. */
  readonly grammar?: string | undefined;
  /** Answers to choose from. */
  readonly choices?: readonly string[] | undefined;
}

/** The format, checked and copied. */
export interface TakenTextFormat {
  readonly kind: keyof TextFormat;
  readonly value: unknown;
}

/** Readers of the options. */
export const textFormatReaders = {
  schema: optional((what: string, name: string, value: unknown) => {
    if (typeof value === "boolean" || isRecord(value)) return plainCopy(what, name, value) as boolean;
    throw unexpected(what, name, "a JSON Schema: an object, or true for any JSON", value);
  }),
  regex: optional(text),
  grammar: optional(text),
  choices: optional((what: string, name: string, value: unknown) => {
    const choices = listFrom(`${what}: choices are a list of texts`, value, (choice) => {
      if (typeof choice === "string" && choice !== "") return choice;
      throw unexpected(what, name, "texts that are not empty", choice);
    });
    if (choices.length > 0) return choices;
    throw unexpected(what, name, "a list of one text or more", value);
  }),
};

/** The one format among options; null for none. Throws `ConfigError` for several. */
export function textFormatOf(what: string, options: TextFormat): TakenTextFormat | null {
  const kinds = (["schema", "regex", "grammar", "choices"] as const).filter((kind) => options[kind] !== undefined);
  if (kinds.length > 1)
    throw new ConfigError(`${what}: ${kinds.join(" and ")} each bind the text: give one of them`, {
      op: what,
      option: kinds[1],
    });
  return kinds.length === 0 ? null : { kind: kinds[0]!, value: options[kinds[0]!] };
}

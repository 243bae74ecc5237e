import type { FormatError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import type { Json } from "../../json.js";

/** Real texts contain emoji that were cut in half; a tokenizer treats them as unknown. */
export const jsonRules = { loneSurrogates: true };

/**
 * A text or label of JSON: a string unchanged, a number or boolean as JSON writes it, and an empty text for null, which pandas writes for
 * missing values. Throws the result of `fail` for anything else.
 * @param field the value, undefined if the field is missing; @param keys the existing names, for the message
 */
export function fieldText(
  field: Json | undefined,
  column: string | number,
  keys: () => readonly string[],
  fail: (problem: string) => FormatError,
): string {
  if (typeof field === "string") return field;
  if (field === null) return "";
  // Beyond 2^53 different numbers in the file become equal, and so would labels.
  if (typeof field === "number" && Math.abs(field) > Number.MAX_SAFE_INTEGER) {
    throw fail(`${JSON.stringify(column)} has a number above 2^53, which would lose digits; write it in quotes`);
  }
  if (typeof field === "number" || typeof field === "boolean") return String(field);
  throw fail(
    field === undefined
      ? `there is no field ${JSON.stringify(column)}; the object has ${clip(keys().join(", ")) || "none"}`
      : `expected ${JSON.stringify(column)} to be text or a number, got ${excerpt(field)}`,
  );
}

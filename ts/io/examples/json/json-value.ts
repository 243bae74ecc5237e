import type { FormatError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import type { Json } from "../../json.js";

/** Texts of the world hold emoji that were cut in half; a tokenizer takes them for unknown. */
export const jsonRules = { loneSurrogates: true };

/**
 * A text or label of JSON: strings as they are, numbers and booleans as JSON writes them, null, as pandas writes what is missing, as an
 * empty one, which is what a table has there. Throws what `fail` makes for anything else.
 * @param field the value, undefined where there is none of that name; @param keys names that there are, for the message
 */
export function fieldText(
  field: Json | undefined,
  column: string | number,
  keys: () => readonly string[],
  fail: (problem: string) => FormatError,
): string {
  if (typeof field === "string") return field;
  if (field === null) return "";
  // Beyond 2^53 several numbers in the file are one here, and two labels would be.
  if (typeof field === "number" && Math.abs(field) > Number.MAX_SAFE_INTEGER) {
    throw fail(`${JSON.stringify(column)} holds a number too large to be kept as it is; write it in quotes`);
  }
  if (typeof field === "number" || typeof field === "boolean") return String(field);
  throw fail(
    field === undefined
      ? `there is no field ${JSON.stringify(column)}; the object has ${clip(keys().join(", ")) || "none"}`
      : `expected ${JSON.stringify(column)} to be text or a number, got ${excerpt(field)}`,
  );
}

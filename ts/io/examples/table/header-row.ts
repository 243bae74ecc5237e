import { clip } from "../../../errors/excerpt.js";
import type { Row } from "./rows.js";

/** Names that columns of texts and labels have, in any case. */
const USUAL =
  /^(id|index|text|texts|sentence|body|title|subject|comment|comments|review|content|message|description|question|name|label|labels|class|category|target|sentiment|score|rating|stars|queue|topic|tag|intent)$/i;
/** Longer fields are no names. */
const LONGEST = 40;
/** In fewer rows nothing tells. */
const FEWEST = 4;

/** Short, of words or an identifier, no number and no sentence. */
const isName = (field: string) => /^[\p{L}_][\p{L}\p{M}\p{N}_ .()/#-]*$/u.test(field) && !/[.]$/.test(field) && field.length <= LONGEST;
const isNumber = (field: string) => field.trim() !== "" && Number.isFinite(Number(field));

/**
 * Whether the first row of a table whose columns were asked for by number looks like a header that is read as an example: all its
 * fields are different names, that of the labels stands nowhere else in its column, where the others do or are numbers, and one is a usual name or
 * labels are numbers.
 * @param wanted rows with the fields asked for: the text and, where labels are wanted, the label
 */
export function looksLikeHeader(first: Row, wanted: readonly Row[]): boolean {
  const { fields } = first;
  if (wanted.length < FEWEST || !fields.every(isName) || new Set(fields).size < fields.length) return false;
  const usual = fields.some((field) => USUAL.test(field.trim()));
  const label = wanted[0]!.fields[1];
  if (label === undefined) return usual;
  const counts = new Map<string, number>();
  for (const { fields: own } of wanted) counts.set(own[1]!, (counts.get(own[1]!) ?? 0) + 1);
  if (counts.get(label)! > 1) return false;
  counts.delete(label);
  const others = [...counts];
  if (others.every(([other]) => isNumber(other))) return true;
  return usual && others.filter(([, count]) => count > 1).length > others.length / 2;
}

/** What to say of it. */
export function headerWarning(file: string, { line, fields }: Row): string {
  const names = fields.slice(0, 6).map((field) => JSON.stringify(clip(field, 40)));
  return (
    `${file}, line ${line}: ${names.join(", ")} ${fields.length === 1 ? "looks" : "look"} like a header, but as columns are given by number it is read as an ` +
    "example: give the columns by these names instead"
  );
}

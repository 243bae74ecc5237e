import { clip } from "../../../errors/excerpt.js";
import type { Row } from "../row.js";

/** Usual names of columns of texts and labels, in any case. */
const USUAL =
  /^(id|index|text|texts|sentence|body|title|subject|comment|comments|review|content|message|description|question|name|label|labels|class|category|target|sentiment|score|rating|stars|queue|topic|tag|intent)$/i;
/** The longest name, in characters. */
const LONGEST = 40;
/** The fewest rows for a judgement. */
const FEWEST = 4;

/** Whether a field is short, of words or an identifier, and not a number or a sentence. */
const isName = (field: string) =>
  /^[\p{L}_][\p{L}\p{M}\p{N}_ .()/#-]*$/u.test(field) && !/[.]$/.test(field) && field.length <= LONGEST;
const isNumber = (field: string) => field.trim() !== "" && Number.isFinite(Number(field));

/**
 * Whether the first row of a table with columns by number looks like a header: its fields are different names; the one in the labels'
 * column occurs nowhere else there, while other labels repeat or are numbers; and one is a usual name or the labels are numbers.
 * @param wanted rows with the requested fields: the text and, if requested, the label
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

/** The warning about it. */
export function headerWarning(file: string, { line, fields }: Row): string {
  const names = fields.slice(0, 6).map((field) => JSON.stringify(clip(field, 40)));
  return (
    `${file}, line ${line}: ${names.join(", ")} ${fields.length === 1 ? "looks" : "look"} like a header, but since columns are named by number, it is read as an ` +
    "example: name the columns by these names instead"
  );
}

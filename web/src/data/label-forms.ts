/** Separators between several labels in one field. */
export const SEPARATORS = ["|", ";", ",", "/", "+", "&"];
const WHOLE = /^[-+]?\d+$/;
const DECIMAL = /^[-+]?\d*[.,]\d+$/;
/** Words in the names of columns that hold labels. */
export const LABELS = /label|class|categ|klasse|kategorie|sentiment|intent|topic|thema|team|queue|abteilung|zuständig/i;
/** Words in the names of columns that hold a scale. */
export const SCORES = /star|rating|score|grade|points|nps|level|severity|priority|stern|punkt|bewertung|note/i;

/** The labels in a field, also in the list notation of Python and JSON. Empty if there are fewer than two different ones. */
function partsOf(label: string, separator: string): string[] {
  const listed = separator === "," ? /^\[(.*)\]$/s.exec(label)?.[1] : undefined;
  const parts = (listed ?? label)
    .split(separator)
    .map((part) => (listed === undefined ? part : part.replace(/['"]/g, "")).trim());
  return parts.length < 2 || parts.includes("") || new Set(parts).size < parts.length ? [] : parts;
}

/**
 * Fields with several labels, such as "billing|bug", found like in the library's summary: each label also appears in other rows. Null if
 * there are none.
 */
export function joinedLabels(labels: readonly string[]): { separator: string; fields: string[] } | null {
  if (labels.every((label) => WHOLE.test(label) || DECIMAL.test(label))) return null;
  for (const separator of SEPARATORS) {
    const places = new Map<string, Set<number>>();
    const stands = (part: string, place: number) => places.set(part, (places.get(part) ?? new Set()).add(place));
    const split = labels.map((label) => [label, partsOf(label, separator)] as const);
    for (const [label, parts] of split)
      if (parts.length === 0) stands(label.replace(/^\[\s*['"]?|['"]?\s*\]$/g, ""), -1);
      else parts.forEach(stands);
    const joined = split.filter(([, parts]) => parts.length > 0 && parts.every((part) => places.get(part)!.size > 1));
    if (joined.length > 0) return { separator, fields: joined.map(([label]) => label) };
  }
  return null;
}

/** Whether labels are probably a scale: at least three numbers, but not 0 to n − 1 (class indices) unless the column name says so. */
export function areScores(labels: readonly string[], column: string): boolean {
  if (labels.length < 3 || !labels.every((label) => WHOLE.test(label) || DECIMAL.test(label))) return false;
  const classes = new Set(labels.map(Number));
  return !labels.every((_, i) => classes.has(i)) || SCORES.test(column);
}

const PAIRS = ["premise hypothesis", "question answer", "question sentence", "question context", "query passage"];
const MORE_PAIRS = ["query document", "query text", "question text", "anchor positive", "text text_pair"];
const GERMAN_PAIRS = ["frage antwort", "frage text"];
const ENDS = ["1 2", "a b", "left right", "first second"];

/** The column with the second text of a pair, by its name (question1, question2); -1 if there is none. */
export function otherHalf(columns: readonly string[], text: number): number {
  const own = columns[text]!.trim().toLowerCase();
  const both = (pair: string, a: string, b: string) =>
    a !== b && [a, b].every((name) => pair.split(" ").includes(name));
  return columns.findIndex((column) => {
    const name = column.trim().toLowerCase();
    if ([...PAIRS, ...MORE_PAIRS, ...GERMAN_PAIRS].some((pair) => both(pair, own, name))) return true;
    return ENDS.some((ends) => {
      const pattern = new RegExp(`^(.*?)[ _-]?(${ends.replace(" ", "|")})$`);
      const [a, b] = [pattern.exec(own), pattern.exec(name)];
      return a !== null && b !== null && a[1] === b[1] && both(ends, a[2]!, b[2]!);
    });
  });
}

/** A row of a file that is not empty: its number from 1 and its fields. */
export interface GridRow {
  readonly at: number;
  readonly fields: readonly string[];
}

/** Where a table begins in a file. */
export interface Begin {
  /** The place of its first row among the rows that are not empty. */
  readonly first: number;
  /** Whether that row has the columns' names. */
  readonly header: boolean;
}

/** Rows that are looked at, and how many titles a table may have above it. */
const [SAMPLE, MOST_TITLES] = [200, 30];
/** Longest name of a column, and longest question of a form, which is one too. */
const [LONGEST_NAME, LONGEST_QUESTION] = [40, 300];
/** Rows for each different value of a column that are enough to see that its values repeat. */
const REPEATED = 4;

/** Common names of text and label columns. */
const usual =
  /^(text|texts|sentence|review|comment|message|body|content|subject|question|utterance|satz|nachricht|frage|kommentar|betreff|texte|phrase|avis|commentaire|sujet|texto|frase|comentario|asunto|label|labels|class|category|klasse|kategorie|classe|catégorie|étiquette|clase|categoría|etiqueta|sentiment|intent|topic|thema|tag|queue|rating|id)$/i;

export const isFilled = (field: string): boolean => field.trim() !== "";
const filledIn = (fields: readonly string[]) => fields.filter(isFilled);
const isName = (field: string) => field.length <= LONGEST_NAME && !/^[\d.,+-]+$/.test(field.trim());
const hasUsual = (fields: readonly string[]) => fields.some((field) => usual.test(field.trim()));

/** Whether fields are short and different, and do not appear as values below. */
function areNames(fields: readonly string[], below: readonly GridRow[]): boolean {
  const filled = filledIn(fields);
  if (below.length === 0 || new Set(filled).size < filled.length || !filled.every(isName)) return false;
  return fields.every((field, i) => !isFilled(field) || below.every((row) => row.fields[i] !== field));
}

const figures = /^[\d\s.,:/+%€$£-]*\d[\d\s.,:/+%€$£-]*$/u;

/** Whether fields are the questions of a form: longer than names, but above numbers, times, or values that repeat, and none of them itself. */
function areQuestions(fields: readonly string[], below: readonly GridRow[]): boolean {
  if (new Set(fields).size < fields.length || !fields.every((field) => /\p{L}/u.test(field))) return false;
  if (fields.some((field) => field.length > LONGEST_QUESTION)) return false;
  return fields.some((field, i) => {
    const values = below.flatMap((row) => (isFilled(row.fields[i] ?? "") ? [row.fields[i]!] : []));
    const different = new Set(values);
    if (values.length < REPEATED || different.has(field)) return false;
    return REPEATED * different.size <= values.length || values.every((value) => figures.test(value));
  });
}

/** Whether the first line has column names. */
function looksLikeHeader([first, ...rest]: readonly GridRow[]): boolean {
  if (first === undefined) return false;
  return (
    hasUsual(first.fields) ||
    (first.fields.every(isFilled) && (areNames(first.fields, rest) || areQuestions(first.fields, rest)))
  );
}

/**
 * Finds where a table begins below rows of titles ("Tickets, March 2024", "exported by Anna"): they fill fewer columns than the names of
 * the table's columns, or end with an empty row.
 */
function beginOf(rows: readonly GridRow[]): Begin {
  const sample = rows.slice(0, SAMPLE);
  const filled = sample.map(({ fields }) => filledIn(fields).length);
  const usualWidth = [...filled].sort((a, b) => a - b)[Math.floor(0.75 * filled.length)] ?? 0;
  const isBegin = (i: number) => {
    const { at, fields } = sample[i]!;
    const own = filled[i]!;
    if (own < 2 || own < usualWidth - 1 || !areNames(fields, sample.slice(i + 1))) return false;
    const above = filled.slice(0, i);
    const isNamed = hasUsual(fields);
    if (above.every((count) => count < own)) return isNamed || own >= usualWidth;
    return isNamed && sample[i - 1]!.at < at - 1 && above.every((count) => count <= own);
  };
  for (let i = 1; i <= MOST_TITLES && i < sample.length; i++) if (isBegin(i)) return { first: i, header: true };
  return { first: 0, header: looksLikeHeader(sample) };
}

/** Whether a field of the row at `place` is a value of its column, too: names are none. */
export function hasValue(rows: readonly GridRow[], place: number): boolean {
  const below = rows.slice(place + 1, place + SAMPLE);
  return (rows[place]?.fields ?? []).some(
    (field, i) => isFilled(field) && below.some((row) => row.fields[i] === field),
  );
}

/** What the user says about it: the number of the row with the columns' names; 0 if there is none. */
export function beginAt(rows: readonly GridRow[], headerRow: number | undefined): Begin {
  if (headerRow === undefined) return beginOf(rows);
  if (headerRow === 0) return { first: beginOf(rows).first, header: false };
  const first = rows.findIndex(({ at }) => at >= headerRow);
  return { first: Math.max(first, 0), header: true };
}

/** Names of a table's columns, and its records; empty names are replaced by numbers. */
export function tableFrom(
  rows: readonly GridRow[],
  { first, header }: Begin,
): { columns: string[]; records: (readonly string[])[] } {
  const names = rows[first]?.fields ?? [];
  return {
    columns: names.map((name, i) => (header && name.trim()) || String(i + 1)),
    records: rows.slice(first + (header ? 1 : 0)).map(({ fields }) => fields),
  };
}

/** Most rows to choose the columns' names from, and characters that are shown of each. */
const [MOST_CHOICES, SHOWN] = [12, 60];

/** A row as it is shown to choose it. */
function shown({ at, fields }: GridRow): { at: number; text: string } {
  const text = filledIn(fields).join(" · ").replace(/\s+/g, " ");
  return { at, text: text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text };
}

/** What is said about where the table begins and ends, and the rows among which the user chooses. */
export const saidOf = (rows: readonly GridRow[], { first, header }: Begin, end: number) => ({
  header,
  headerRow: header ? (rows[first]?.at ?? 0) : 0,
  skipped: first,
  firstRows: rows.slice(0, Math.max(MOST_CHOICES, first + 3)).map(shown),
  below: rows.slice(end).map(shown),
});

import { areScores, joinedLabels, otherHalf } from "./label-forms.js";

/** A row of the table that the user sees and edits. */
export interface Row {
  readonly id: number;
  readonly text: string;
  readonly label: string;
}

/** A possible problem and the rows that have it. */
export interface Finding {
  readonly kind:
    | "emptyText"
    | "emptyLabel"
    | "duplicates"
    | "contradictions"
    | "similarLabels"
    | "smallClass"
    | "oneLabel"
    | "manyLabels"
    | "fewRows"
    | "joinedLabels"
    | "scores"
    | "halfPair";
  /** Affected rows. */
  readonly rows: readonly number[];
  /** The rows that one click removes; empty if the user has to choose. */
  readonly removable: readonly number[];
  /** Affected labels. */
  readonly labels: readonly string[];
  /** Whether training is impossible until this is fixed. */
  readonly stops: boolean;
}

/** Fewest rows per label for useful training and testing. */
export const SMALL_CLASS = 10;
const FEWEST_ROWS = 20;

/** A text's normal form for comparison: ignores case, width and spaces, like the library's splits. */
export const plain = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/** The number of rows of each label, the most frequent first. */
export function countLabels(rows: readonly Pick<Row, "label">[]): [label: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { label } of rows) if (label.trim() !== "") counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** The table of the rows: column names, records, and which columns are texts and labels. */
export interface RowsFrom {
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly text: number;
  readonly label: number;
}

/** All possible problems of the rows. Those that prevent training come first. */
export function findingsIn(rows: readonly Row[], from: RowsFrom | null = null): Finding[] {
  const found: Finding[] = [];
  const add = (kind: Finding["kind"], ids: readonly number[], rest: Partial<Finding> = {}) =>
    void found.push({ kind, rows: ids, removable: [], labels: [], stops: false, ...rest });
  const without = (field: "text" | "label") => rows.filter((row) => row[field].trim() === "").map(({ id }) => id);
  const [noText, noLabel] = [without("text"), without("label")];
  const whole = rows.filter(({ text, label }) => text.trim() !== "" && label.trim() !== "");
  const counts = countLabels(whole);
  if (counts.length === 1) add("oneLabel", [], { labels: [counts[0]![0]], stops: true });
  if (whole.length < FEWEST_ROWS) add("fewRows", [], { stops: true });
  if (counts.length > 20 && counts.length > whole.length / 4) add("manyLabels", [], { stops: true });
  if (noText.length > 0) add("emptyText", noText, { removable: noText });
  if (noLabel.length > 0) add("emptyLabel", noLabel, { removable: noLabel });
  const { repeated, extra, contradicting } = equalTexts(whole);
  if (contradicting.length > 0) add("contradictions", contradicting);
  if (extra.length > 0) add("duplicates", repeated, { removable: extra });
  for (const { labels, ids } of alike(whole, counts)) add("similarLabels", ids, { labels });
  for (const one of formsOf(whole, counts, from)) add(...one);
  const small = counts.length > 20 && counts.length > whole.length / 4 ? [] : counts.filter(([, n]) => n < SMALL_CLASS);
  if (small.length > 0 && counts.length > 1) {
    const labels = small.map(([label]) => label);
    const rare = new Set(labels);
    const ids = whole.filter(({ label }) => rare.has(label)).map(({ id }) => id);
    add("smallClass", ids, { labels, removable: counts.length - small.length >= 2 ? ids : [] });
  }
  return found;
}

/** Signs that the data belong to another task than single-label classification. */
function* formsOf(
  rows: readonly Row[],
  counts: readonly (readonly [label: string, count: number])[],
  from: RowsFrom | null,
): Generator<[kind: Finding["kind"], rows: readonly number[], rest: Partial<Finding>]> {
  const labels = counts.length > MOST_FORMS ? [] : counts.map(([label]) => label);
  const joined = joinedLabels(labels);
  const among = new Set(joined);
  const ids = () => rows.filter(({ label }) => among.has(label)).map(({ id }) => id);
  if (joined.length > 0) yield ["joinedLabels", ids(), { labels: joined }];
  if (areScores(labels, from?.columns[from.label] ?? "")) yield ["scores", [], {}];
  if (from === null) return;
  const { columns, records, text } = from;
  const other = otherHalf(columns, text);
  const words = records.slice(0, SAMPLE).map((record) => record[other]?.match(/\p{L}+/gu)?.length ?? 0);
  if (other >= 0 && words.reduce((sum, count) => sum + count, 0) >= 2 * words.length)
    yield ["halfPair", [], { labels: [columns[text]!, columns[other]!] }];
}

/** Above this number of labels, only the number is checked. Also the number of records that are read to see what a column holds. */
const MOST_FORMS = 2000;
const SAMPLE = 200;

/** Rows whose text also appears in another row. */
function equalTexts(rows: readonly Row[]) {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = plain(row.text);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const [repeated, extra, contradicting]: [number[], number[], number[]] = [[], [], []];
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    if (new Set(group.map(({ label }) => label)).size > 1) contradicting.push(...group.map(({ id }) => id));
    const seen = new Set<string>();
    const again = group.filter(({ label }) => seen.has(label) || !seen.add(label));
    if (again.length === 0) continue;
    extra.push(...again.map(({ id }) => id));
    const doubled = new Set(again.map(({ label }) => label));
    repeated.push(...group.filter(({ label }) => doubled.has(label)).map(({ id }) => id));
  }
  return { repeated, extra, contradicting };
}

/** Most groups of labels that are listed. A column that is not a label column may have thousands. */
const MOST_ALIKE = 20;

/** Labels that differ only in case, width or spaces, with their rows. */
function alike(rows: readonly Row[], counts: readonly (readonly [label: string, count: number])[]) {
  const groups = new Map<string, { labels: string[]; ids: number[] }>();
  const ofLabel = new Map<string, { labels: string[]; ids: number[] }>();
  for (const [label] of counts) {
    const key = plain(label);
    const group = groups.get(key) ?? { labels: [], ids: [] };
    group.labels.push(label);
    groups.set(key, group);
    ofLabel.set(label, group);
  }
  for (const { id, label } of rows) ofLabel.get(label)!.ids.push(id);
  return [...groups.values()].filter(({ labels }) => labels.length > 1).slice(0, MOST_ALIKE);
}

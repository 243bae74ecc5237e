import { areScores, joinedLabels, otherHalf } from "./label-forms.js";

/** An example as the person sees and mends it. */
export interface Row {
  readonly id: number;
  readonly text: string;
  readonly label: string;
}

/** What is odd about rows, and which they are. */
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
  /** Rows to look at. */
  readonly rows: readonly number[];
  /** Of those, the ones that a click takes away; empty where a person has to choose. */
  readonly removable: readonly number[];
  /** Labels that it is about. */
  readonly labels: readonly string[];
  /** Nothing can be learnt before it is mended. */
  readonly stops: boolean;
}

/** Examples of a class below which neither learning nor measuring means much. */
export const SMALL_CLASS = 10;
const FEWEST_ROWS = 20;

/** A text as it counts for equality: apart from case, width and spaces, as the library's splits do. */
export const plain = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/** Examples of each label, the most frequent first. */
export function countLabels(rows: readonly Pick<Row, "label">[]): [label: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { label } of rows) if (label.trim() !== "") counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** Where rows stand: the table's columns, those of texts and labels among them, and its records. */
export interface RowsFrom {
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly text: number;
  readonly label: number;
}

/** Everything that is odd about the rows, what stops training first. */
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

/** What fits another task than a class for each text. */
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

/** More labels are looked at for their number alone, and so many records for what a column holds. */
const MOST_FORMS = 2000;
const SAMPLE = 200;

/** Rows with a text that another has too. */
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

/** Groups of labels that are listed: where a column holds no labels, there may be one for every second row. */
const MOST_ALIKE = 20;

/** Labels that differ in case, width and spaces alone, with the rows that have them. */
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

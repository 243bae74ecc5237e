import { areScores, joinedLabels, otherHalf } from "./label-forms.js";
import { misspelt } from "./misspelt.js";
import { countLabels, normalForm, plain, type Row, usableRows } from "./rows.js";
import { isLabelled, labelsOf, numberIn, oneLabel, type Target, type Task } from "./target.js";

/** A possible problem and the rows that have it. */
export interface Finding {
  readonly kind:
    | "emptyText"
    | "emptyLabel"
    | "duplicates"
    | "contradictions"
    | "similarLabels"
    | "misspelt"
    | "smallClass"
    | "oneLabel"
    | "manyLabels"
    | "fewRows"
    | "joinedLabels"
    | "scores"
    | "halfPair"
    | "fewLabels"
    | "withoutLabels"
    | "singleLabels"
    | "notNumbers"
    | "oneNumber"
    | "farNumbers"
    | "notMarked"
    | "noMarks";
  /** Affected rows. */
  readonly rows: readonly number[];
  /** The rows that one click removes; empty if the user has to choose. */
  readonly removable: readonly number[];
  /** Affected labels; of a misspelt one itself and the right one. */
  readonly labels: readonly string[];
  /** Whether training is impossible until this is fixed. */
  readonly stops: boolean;
  /** The task that fits better; null if none. */
  readonly better: Task | null;
}

/** Fewest rows per label for useful training and testing. */
const SMALL_CLASS = 10;
/** Fewest different texts: equal ones are never parted, so that none is asked of what was trained on it. */
const FEWEST_TEXTS = 20;

/** The table of the rows: column names, records, and which columns are texts and labels. */
export interface RowsFrom {
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly text: number;
  readonly label: number;
  /** Further columns of texts. */
  readonly more?: readonly number[];
}

type Found = [kind: Finding["kind"], rows: readonly number[], rest?: Partial<Finding>];
type Counts = readonly (readonly [label: string, count: number])[];
const idsOf = (rows: readonly Row[]) => rows.map(({ id }) => id);

/** All possible problems of the rows. Those that prevent training come first. */
export function findingsIn(
  rows: readonly Row[],
  from: RowsFrom | null = null,
  target: Target = oneLabel,
): readonly Finding[] {
  const whole = usableRows(rows, target);
  const counts = countLabels(whole, target);
  const noText = idsOf(rows.filter(({ text }) => text.trim() === ""));
  const similar = alike(whole, counts, target);
  const wrong = misspeltIn(whole, counts, target);
  const merged = mergedNames([...similar, ...wrong], counts);
  const { repeated, extra, contradicting } = equalTexts(whole, ({ label }) => mergedLabel(label, merged, target));
  const found: Found[] = [
    ...stopsOf[target.task](whole, counts),
    ...(new Set(whole.map(normalForm)).size < FEWEST_TEXTS ? [["fewRows", [], { stops: true }] as Found] : []),
    ["emptyText", noText, { removable: noText }],
    ...unlabelledIn[target.task](rows, target),
    ["contradictions", contradicting],
    ["duplicates", repeated, { removable: extra }],
    ...similar,
    ...wrong,
    ...formsOf[target.task](whole, counts, from, target),
    // Columns of tags are no texts.
    ...(target.task === "tokens" ? [] : pairsOf(from)),
    ...smallClasses(whole, counts, merged, target),
  ];
  return found
    .filter(([kind, ids, rest]) => ids.length > 0 || rest?.stops || WHOLE_TABLE.has(kind))
    .map(([kind, rows, rest]) => ({ kind, rows, removable: [], labels: [], stops: false, better: null, ...rest }));
}

/** Findings about the table rather than rows. */
const WHOLE_TABLE: ReadonlySet<Finding["kind"]> = new Set(["scores", "halfPair", "singleLabels"]);

/** Whether a label has fewer than four rows on average. A row may have several. */
const isManyLabels = (counts: Counts) =>
  counts.length > 20 && 4 * counts.length > counts.reduce((sum, [, count]) => sum + count, 0);

/** What prevents training. */
const stopsOf: Readonly<Record<Task, (rows: readonly Row[], counts: Counts) => Found[]>> = {
  classify: (rows, counts) => [
    ...(counts.length === 1 ? [["oneLabel", [], { labels: [counts[0]![0]], stops: true }] as Found] : []),
    ...(isManyLabels(counts) ? [["manyLabels", [], { stops: true }] as Found] : []),
  ],
  "multi-label": (rows, counts) => [
    ...(counts.length < 2 ? [["fewLabels", [], { stops: true }] as Found] : []),
    ...(isManyLabels(counts) ? [["manyLabels", [], { stops: true }] as Found] : []),
  ],
  regress: (rows) =>
    new Set(rows.map(({ label }) => numberIn(label))).size === 1 ? [["oneNumber", [], { stops: true }]] : [],
  tokens: (_, counts) => (counts.length === 0 ? [["noMarks", [], { stops: true }]] : []),
};

/** Rows without what the task needs. */
const unlabelledIn: Readonly<Record<Task, (rows: readonly Row[], target: Target) => Found[]>> = {
  classify: (rows) => [emptyLabels(rows)],
  "multi-label": (rows, target) => [
    ["withoutLabels", idsOf(rows.filter(({ label }) => labelsOf(label, target).length === 0))],
  ],
  regress(rows) {
    const strange = idsOf(rows.filter(({ label }) => label.trim() !== "" && numberIn(label) === null));
    return [emptyLabels(rows), ["notNumbers", strange, { removable: strange }]];
  },
  tokens(rows, target) {
    const strange = idsOf(rows.filter(({ label }) => !isLabelled(label, target)));
    return [["notMarked", strange, { removable: strange }]];
  },
};

function emptyLabels(rows: readonly Row[]): Found {
  const without = idsOf(rows.filter(({ label }) => label.trim() === ""));
  return ["emptyLabel", without, { removable: without }];
}

/** The name that each label of a group gets if the group is merged, as its finding offers: the most frequent one. */
function mergedNames(groups: readonly Found[], counts: Counts): ReadonlyMap<string, string> {
  const merged = new Map<string, string>();
  for (const [, , { labels = [] } = {}] of groups) {
    const most = counts.find(([label]) => labels.includes(label))![0];
    for (const label of labels) merged.set(label, most);
  }
  return merged;
}

/** A row's label once its names are merged. Marks of words also have places. */
const mergedLabel = (label: string, merged: ReadonlyMap<string, string>, target: Target): string =>
  merged.size === 0 || target.task === "tokens"
    ? label
    : JSON.stringify(
        labelsOf(label, target)
          .map((name) => merged.get(name) ?? name)
          .sort(),
      );

/** Labels with too few rows to learn. One that another finding offers to merge is left out: after that it may have enough. */
function smallClasses(
  rows: readonly Row[],
  counts: Counts,
  merged: ReadonlyMap<string, string>,
  target: Target,
): Found[] {
  if (isManyLabels(counts) || counts.length < 2) return [];
  const labels = counts.filter(([label, n]) => n < SMALL_CLASS && !merged.has(label)).map(([label]) => label);
  if (labels.length === 0) return [];
  const rare = new Set(labels);
  const ids = idsOf(rows.filter(({ label }) => labelsOf(label, target).some((name) => rare.has(name))));
  const others = counts.filter(([label]) => !rare.has(label)).map(([label]) => merged.get(label) ?? label);
  const isSafe = target.task === "classify" && new Set(others).size >= 2;
  return [["smallClass", ids, { labels, removable: isSafe ? ids : [] }]];
}

/** Distances from the middle half of the numbers, in its widths, beyond which a number may be a mistake. */
const FAR = 5;

/** Signs that the labels are read wrongly, or belong to another task. */
const formsOf: Readonly<
  Record<Task, (rows: readonly Row[], counts: Counts, from: RowsFrom | null, target: Target) => Found[]>
> = {
  classify(rows, counts, from) {
    const labels = counts.length > MOST_FORMS ? [] : counts.map(([label]) => label);
    const joined = joinedLabels(labels)?.fields ?? [];
    const among = new Set(joined);
    const ids = idsOf(rows.filter(({ label }) => among.has(label)));
    const isScale = areScores(labels, from?.columns[from.label] ?? "");
    return [
      ["joinedLabels", ids, { labels: joined, better: "multi-label" }],
      ...(isScale ? [["scores", [], { better: "regress" }] as Found] : []),
    ];
  },
  "multi-label": (rows, counts, _, target) =>
    counts.length > 1 && rows.every(({ label }) => labelsOf(label, target).length === 1)
      ? [["singleLabels", [], { better: "classify" }]]
      : [],
  regress(rows) {
    const numbers = rows.map(({ label }) => numberIn(label)!).sort((a, b) => a - b);
    const [low, high] = [0.25, 0.75].map((share) => numbers[Math.floor(share * (numbers.length - 1))]!) as [
      number,
      number,
    ];
    const apart = FAR * (high - low);
    const far = apart === 0 ? [] : rows.filter(({ label }) => isBeyond(numberIn(label)!, low - apart, high + apart));
    return [["farNumbers", idsOf(far)]];
  },
  tokens: () => [],
};

const isBeyond = (number: number, least: number, most: number) => number < least || number > most;

/** A column that looks like the other half of a pair of texts. */
function pairsOf(from: RowsFrom | null): Found[] {
  if (from === null) return [];
  const { columns, records, text, more = [] } = from;
  const other = otherHalf(columns, text);
  if (more.includes(other)) return [];
  const words = records.slice(0, SAMPLE).map((record) => record[other]?.match(/\p{L}+/gu)?.length ?? 0);
  if (other < 0 || words.reduce((sum, count) => sum + count, 0) < 2 * words.length) return [];
  return [["halfPair", [], { labels: [columns[text]!, columns[other]!] }]];
}

/** Above this number of labels, only the number is checked. Also the number of records that are read to see what a column holds. */
const MOST_FORMS = 2000;
const SAMPLE = 200;

/** Rows whose text also appears in another row. Labels contradict each other if they differ after `merged`. */
function equalTexts(rows: readonly Row[], merged: (row: Row) => string) {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = normalForm(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const [repeated, extra, contradicting]: [number[], number[], number[]] = [[], [], []];
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    if (new Set(group.map(merged)).size > 1) contradicting.push(...group.map(({ id }) => id));
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
function alike(rows: readonly Row[], counts: Counts, target: Target): Found[] {
  const groups = new Map<string, { labels: string[]; ids: number[] }>();
  const ofLabel = new Map<string, { labels: string[]; ids: number[] }>();
  for (const [label] of counts) {
    const key = plain(label);
    const group = groups.get(key) ?? { labels: [], ids: [] };
    group.labels.push(label);
    groups.set(key, group);
    ofLabel.set(label, group);
  }
  for (const { id, label } of rows)
    for (const group of new Set(labelsOf(label, target).map((name) => ofLabel.get(name)!))) group.ids.push(id);
  return [...groups.values()]
    .filter(({ labels }) => labels.length > 1)
    .slice(0, MOST_ALIKE)
    .map(({ labels, ids }): Found => ["similarLabels", ids, { labels }]);
}

/** Labels that look like another one with a spelling mistake, with their rows. */
function misspeltIn(rows: readonly Row[], counts: Counts, target: Target): Found[] {
  const found = misspelt(counts).slice(0, MOST_ALIKE);
  const ids = new Map(found.map(([wrong]) => [wrong, [] as number[]]));
  if (found.length > 0)
    for (const { id, label } of rows) for (const name of labelsOf(label, target)) ids.get(name)?.push(id);
  return found.map(([wrong, right]): Found => ["misspelt", ids.get(wrong)!, { labels: [wrong, right] }]);
}

import { resolve } from "node:path";
import {
  type DataFinding,
  type DataPart,
  type DataSummary,
  type FoundExample,
  type PartSummary,
  spreadOf,
} from "../../io/examples/summary/data-summary.js";
import type { GroupCount } from "../../training/job-events.js";
import { placeIn } from "../../io/examples/index.js";
import type { FileCounts, FileLabelCounts } from "../../training/task-definition.js";
import { formatCount, formatExamples, formatNumber, formatPercent } from "./number-format.js";
import { clip, tableLines, type Terminal } from "./terminal.js";

type Colors = Terminal["colors"];

/** The most labels to list, and columns of the longest bar. */
const LABELS = 40;
const BAR = 30;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Groups of a split as text. */
export const groupsText = ({ groups, alone }: GroupCount) =>
  `${formatCount(groups)} ${groups === 1 ? "group" : "groups"}` +
  (alone === 0 ? "" : ` and ${formatCount(alone)} ${alone === 1 ? "text" : "texts"} in none`);

/** A bar of a share of the whole width, to an eighth of a column. */
function bar(share: number): string {
  const eighths = Math.max(1, Math.round(share * BAR * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

const partNames: Readonly<Record<DataPart, string>> = { train: "training", validation: "validation", test: "test" };

/** The existing splits. */
const partsOf = (summary: DataSummary) =>
  (["train", "validation", "test"] as const).flatMap((part) => {
    const found = summary[part];
    return found === null ? [] : [[part, found] as const];
  });

/** Labels with how often they occur, and a bar for each. */
function labelLines(
  summary: DataSummary,
  { dim }: Colors,
  { of, total }: Pick<FileLabelCounts, "of" | "total">,
): string[] {
  const parts = partsOf(summary);
  const most = Math.max(1, ...summary.labels.map(({ train }) => train));
  const listed = [...summary.labels].sort((a, b) => b.train - a.train).slice(0, LABELS);
  const rows = listed.map((count) => [
    clip(count.label, 32),
    ...parts.map(([part]) => formatCount(count[part])),
    formatPercent(count.train / Math.max(1, total)),
    count.train === 0 ? "" : bar(count.train / most),
  ]);
  const heading = ["label", ...parts.map(([part]) => (part === "train" ? of : partNames[part])), "share", ""];
  const right = heading.slice(1, -1).map(() => "right" as const);
  const lines = tableLines([heading, ...rows], ["left", ...right, "left"]);
  const more = summary.labels.length - listed.length;
  return [dim(lines[0]), ...lines.slice(1), ...(more > 0 ? [dim(`and ${formatCount(more)} more labels`)] : [])];
}

function spreadRow(name: string, unit: string, { characters, tokens }: PartSummary): string[] {
  const spread = unit === "tokens" ? tokens! : characters;
  const { min, median, p90, p99, max } = spread;
  return [name, unit, ...[min, median, p90, p99, max].map(formatCount), cutNote(unit, tokens)];
}

function cutNote(unit: string, tokens: PartSummary["tokens"]): string {
  if (unit !== "tokens" || tokens === null) return "";
  return `${formatPercent(tokens.cut)} truncated to ${tokens.maxTokens}, ${formatPercent(tokens.unknown)} unknown`;
}

/** Lengths of the texts of each split. */
function lengthLines(summary: DataSummary, { dim }: Colors): string[] {
  const rows = partsOf(summary).map(([part, found]) =>
    spreadRow(partNames[part], found.tokens === null ? "characters" : "tokens", found),
  );
  const right = ["right", "right", "right", "right", "right"] as const;
  const lines = tableLines(
    [["lengths", "", "least", "half", "90 %", "99 %", "most"], ...rows],
    ["left", "left", ...right],
  );
  return [dim(lines[0]), ...lines.slice(1)];
}

/** Files of the splits. */
type PartFiles = Readonly<Partial<Record<DataPart, string>>>;

const place = ({ part, line, place: index }: FoundExample, files: PartFiles) =>
  `${partNames[part]}, ${line === undefined ? `example ${index}` : placeIn(files[part] ?? "", line)}`;

/** The option that gives a message's labels one name: the last one, which sorts after capitals. */
function labelNamesOf(message: string): string {
  const labels = [...message.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([quoted]) => JSON.parse(quoted) as string);
  // Not possible with pairs, or cut.
  if (labels.some((label) => /[=,"…]/.test(label))) return "--label-names";
  const last = labels.pop()!;
  return `--label-names "${labels.map((label) => `${label}=${last}`).join(",")}"`;
}

/** A message with the option that follows its advice. */
function withOption(code: DataFinding["code"], message: string, drops: boolean): string {
  if (code === "cut-texts") return message.replace("raise the limit", "raise --max-tokens");
  if (code === "duplicates" && drops) return message.replace(/remove (it|them)/, "$& (--drop-duplicates)");
  if (code === "similar-labels") return `${message} (${labelNamesOf(message)})`;
  return code === "small-test" ? message.replace("folds test", "--folds 5 tests") : message;
}

function oneFinding({ severity, message, code }: DataFinding, { red, yellow, dim }: Colors, drops = true): string {
  const mark = severity === "stop" ? red("stop") : yellow("note");
  return `${mark}  ${withOption(code, message, drops)} ${dim(`(${code})`)}`;
}

/** A finding with the command that shows its examples, where these are needed to decide. */
const withCommand = (finding: DataFinding): DataFinding =>
  finding.code === "two-labels" ? { ...finding, message: `${finding.message} \`lowrank data\` shows them` } : finding;

/** A finding that says by its options that the test is the training file. */
const withFiles = (finding: DataFinding, { train, test }: PartFiles): DataFinding =>
  finding.code === "same-file" && train !== undefined && test !== undefined && resolve(train) === resolve(test)
    ? { ...finding, message: finding.message.replace(/^[^,]*/, "--test and --data are the same file") }
    : finding;

/** Findings, one per line, except those that end the run: the error reports them. */
export function findingLines({ findings }: DataSummary, allow: readonly string[], colors: Colors): string[] {
  const ends = ({ severity, code }: DataFinding) => severity === "stop" && !allow.includes(code);
  return findings.filter((finding) => !ends(finding)).map((finding) => oneFinding(withCommand(finding), colors));
}

/** Findings with examples. */
function longFindings(
  { findings }: DataSummary,
  files: PartFiles,
  colors: Colors,
  width: number,
  drops: boolean,
): string[] {
  return findings.flatMap((finding) => [
    oneFinding(withFiles(finding, files), colors, drops),
    ...finding.examples.map((example) =>
      colors.dim(
        `      ${clip(`${place(example, files)}: ${example.label === "" ? "" : `${example.label}: `}${example.text}`, width - 6)}`,
      ),
    ),
  ]);
}

/** The column of groups, and the groups of each split. */
export interface FoundGroups {
  readonly column: string;
  readonly train: GroupCount;
  readonly test: GroupCount | null;
  /** Number of groups in both. */
  readonly shared: number;
}

function groupLines(found: FoundGroups | null): string[] {
  if (found === null) return [];
  const { column, train, test, shared } = found;
  const tested = test === null ? "" : `; test ${groupsText(test)}; ${formatCount(shared)} in both`;
  const advice =
    test === null
      ? ": splits and folds keep each whole"
      : shared === 0
        ? ""
        : ": test texts of these groups are close to training texts";
  return [`column ${JSON.stringify(column)}: ${groupsText(train)}${tested}${advice}`];
}

/** What a summary is shown with. */
interface Shown {
  readonly groups: FoundGroups | null;
  /** What has the labels, in the plural, and their number. */
  readonly labelled: Pick<FileLabelCounts, "of" | "total">;
  readonly files: PartFiles;
  /** Whether the task has --drop-duplicates. */
  readonly drops: boolean;
}

/** Groups, labels, lengths and findings. */
export function summaryLines(
  summary: DataSummary,
  { groups, labelled, files, drops }: Shown,
  colors: Colors,
  width: number,
): string[] {
  const { findings, labels } = summary;
  return [
    ...groupLines(groups),
    "",
    ...(labels.length === 0 ? [] : [...labelLines(summary, colors, labelled), ""]),
    ...lengthLines(summary, colors),
    "",
    ...(findings.length === 0
      ? [colors.green("no problems found")]
      : longFindings(summary, files, colors, width, drops)),
  ];
}

/** "60 examples for training: 12 queries, labels from 0 to 1, median 0, mean 0.25, 5 entities (LOC 2, PER 3)" */
export function countsLine(examples: number, use: string, counts: FileCounts): string {
  const texts = Object.entries(counts).map(([name, value]) => {
    if (typeof value === "number") return `${shownNumber(value)} ${value === 1 ? singular(name) : name}`;
    if (isList(value)) {
      const { min, median, mean, max } = spreadOf(value);
      const [least, half, average, most] = [min, median, mean, max].map(formatNumber);
      return `${name} from ${least} to ${most}, median ${half}, mean ${average}`;
    }
    const sum = Object.values(value).reduce((total, count) => total + count, 0);
    const parts = Object.entries(value).map(([part, count]) => `${part} ${formatCount(count)}`);
    return `${formatCount(sum)} ${name}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
  });
  return `${formatExamples(examples)} for ${use}${texts.length === 0 ? "" : `: ${texts.join(", ")}`}`;
}

/** Counts with the spread of each list, as JSON has them. */
export const spreadsOf = (counts: FileCounts) =>
  Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, isList(value) ? spreadOf(value) : value]));

const isList = (value: FileCounts[string]): value is readonly number[] => Array.isArray(value);

const shownNumber = (value: number) => (Number.isInteger(value) ? formatCount(value) : formatNumber(value));

/** "queries" → "query", "classes a row" → "class a row" */
const singular = (name: string) =>
  name.replace(/^\w+/, (word) =>
    word
      .replace(/ies$/, "y")
      .replace(/sses$/, "ss")
      .replace(/([^s])s$/, "$1"),
  );

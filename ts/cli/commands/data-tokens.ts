import { ConfigError } from "../../errors/errors.js";
import type { DataSummary, LabelCount } from "../../io/examples/summary/index.js";
import { localSources } from "../../training/node/local-sources.js";
import { readTokenFile, type TokenFile } from "../../tasks/tokens/run/token-dataset.js";
import { entityMetrics } from "../../train/metrics/entities.js";
import { TagScheme } from "../../train/metrics/tag-scheme.js";
import { flagOf, flagNames } from "../options/flag-names.js";
import type { Session } from "../session.js";
import { labelLines } from "../terminal/data-lines.js";
import { formatCount } from "../terminal/number-format.js";
import type { DataOptions } from "../options/data-options.js";
import { inCharactersNote, summaryEnd, summaryOf } from "./data-task.js";

/** Options that labelled words do not have. */
const OTHERS = ["text", "label", "labelNames", "group", "dropDuplicates", "allow"] as const;

/** Summarises labelled words before training. Throws if training would reject them. */
export async function dataOfTokens(file: string, options: DataOptions, session: Session): Promise<void> {
  const { terminal } = session;
  const strange = OTHERS.find((name) => options[name] !== undefined);
  if (strange !== undefined)
    throw new ConfigError(`${flagOf(strange)} is not for labelled words; --fields names their columns`, {
      option: flagOf(strange),
    });
  const { fields = {} } = options;
  const emit = (event: { readonly type: string; readonly message?: string }) => terminal.error(event.message ?? "");
  const access = { sources: localSources, emit, optionNames: flagNames };
  const train = await readTokenFile(file, { fields }, access);
  const { labels } = train;
  const test = options.test === undefined ? null : await readTokenFile(options.test, { fields }, access, labels);
  const { summary, inCharacters } = await summaryOf(train.examples, test?.examples ?? null, options, session);
  const found: DataSummary = { ...summary, labels: labelCounts(labels, train, test) };
  const parts = { train: aboutPart(labels, train), test: test === null ? null : aboutPart(labels, test) };
  if (options.json) return terminal.print(JSON.stringify({ task: "tokens", ...found, words: parts }));
  const files = { train: file, ...(options.test !== undefined && { test: options.test }) };
  const counted = ({ examples, words }: PartOfWords) =>
    `${formatCount(examples)} sentences of ${formatCount(words)} words`;
  const { colors } = terminal;
  const lines = [
    [
      `${counted(parts.train)} for training`,
      ...(parts.test === null ? [] : [`${counted(parts.test)} for testing`]),
    ].join("; "),
    `entities: ${entitiesText(parts.train)}${parts.test === null ? "" : `; test ${entitiesText(parts.test)}`}`,
    "",
    ...labelLines(found, colors, { name: "words", count: parts.train.labelled }),
    "",
    ...summaryEnd(found, files, session),
    ...(inCharacters ? [inCharactersNote] : []),
  ];
  for (const line of lines) terminal.print(line);
}

/** The contents of a file. */
interface PartOfWords {
  readonly file: string;
  readonly sha256: string;
  /** Sentences, or texts. */
  readonly examples: number;
  readonly words: number;
  /** Words with a label. */
  readonly labelled: number;
  /** Entities by their label, counted as seqeval does. */
  readonly entities: Readonly<Record<string, number>>;
}

function aboutPart(labels: readonly string[], { file, sha256, examples }: TokenFile): PartOfWords {
  const words = examples.flatMap((example) => example.words);
  const named = examples.map((example) => example.words.map(({ target }) => (target < 0 ? "O" : labels[target]!)));
  const { perEntity } = entityMetrics(named, named, { strict: false, scheme: new TagScheme(labels) });
  return {
    file,
    sha256,
    examples: examples.length,
    words: words.length,
    labelled: words.filter(({ target }) => target >= 0).length,
    entities: Object.fromEntries(perEntity.map(({ label, support }) => [label, support])),
  };
}

function labelCounts(labels: readonly string[], train: TokenFile, test: TokenFile | null): LabelCount[] {
  const count = (part: TokenFile | null) => {
    const counts = new Array<number>(labels.length).fill(0);
    for (const { words } of part?.examples ?? []) for (const { target } of words) if (target >= 0) counts[target]!++;
    return counts;
  };
  const [learnt, tested] = [count(train), count(test)];
  return labels.map((label, i) => ({ label, train: learnt[i]!, validation: 0, test: tested[i]! }));
}

const entitiesText = ({ entities }: PartOfWords) =>
  Object.entries(entities)
    .map(([label, count]) => `${label} ${formatCount(count)}`)
    .join(", ") || "none";

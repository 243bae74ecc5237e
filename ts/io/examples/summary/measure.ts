import { throwIfAborted } from "../../../waiting/abort.js";
import { breather } from "../../../waiting/next-task.js";
import type { DataPart, DataSummary, PartSummary, TokenLengths, LabelCount } from "./data-summary.js";
import { findingsOf } from "./findings.js";
import type { ExampleColumns } from "../read.js";
import { type Parts, type Survey, survey } from "./survey.js";
import { type TokenCounter, tokenLengths } from "./script-tokens.js";
import { sortLabels } from "../example.js";
import { plainLabel } from "../row.js";

/** Texts between two calls of `onProgress`. */
const EVERY = 1000;

type Progress = ((done: number, total: number) => void) | undefined;

const countOf = (parts: Parts) => parts.reduce((sum, [, { length }]) => sum + length, 0);

/** Calls `onProgress` every so often, and lets other work in between. */
function pacer(signal: AbortSignal | undefined, onProgress: Progress, begun: number, total: number) {
  throwIfAborted(signal);
  const breathe = breather(signal);
  return (done?: number) => {
    if (done !== undefined && done % EVERY === 0) onProgress?.(begun + done, total);
    return breathe();
  };
}

/** The parts of a summary that need no tokenizer. */
export function surveyTexts(parts: Parts, signal?: AbortSignal, onProgress?: Progress, passes = 1): Promise<Survey> {
  return survey(parts, pacer(signal, onProgress, 0, passes * countOf(parts)));
}

/** Lengths in tokens of each split. */
export async function measureTokens(
  parts: Parts,
  counter: TokenCounter,
  maxTokens = counter.maxTokens,
  signal?: AbortSignal,
  onProgress?: Progress,
): Promise<TokenLengths[]> {
  const count = countOf(parts);
  const lengths: TokenLengths[] = [];
  let begun = count;
  for (const [, examples] of parts) {
    lengths.push(await tokenLengths(examples, counter, maxTokens, pacer(signal, onProgress, begun, 2 * count)));
    begun += examples.length;
  }
  onProgress?.(2 * count, 2 * count);
  return lengths;
}

/** The whole summary. `lengths` are empty without a tokenizer. */
export function summaryOf(
  parts: Parts,
  surveyed: Survey,
  lengths: readonly TokenLengths[] = [],
  columns?: ExampleColumns,
): DataSummary {
  const labels = labelCounts(parts);
  const summaries: Record<DataPart, PartSummary | null> = { train: null, validation: null, test: null };
  surveyed.parts.forEach(({ part, examples, empty, duplicates, nearDuplicates, characters, inTraining }, i) => {
    summaries[part] = {
      examples,
      empty,
      duplicates,
      nearDuplicates,
      characters,
      tokens: lengths[i] ?? null,
      inTraining,
    };
  });
  const { train, validation, test } = summaries;
  const known = {
    labels,
    train: train!,
    validation,
    test,
    similarLabels: similarLabels(labels),
    twoLabels: surveyed.twoLabels.count,
  };
  return { ...known, findings: findingsOf(known, surveyed, columns) };
}

/** How often each label occurs in each split. */
function labelCounts(parts: Parts): LabelCount[] {
  const counts = new Map<string, Record<DataPart, number>>();
  for (const [part, examples] of parts) {
    for (const { label } of examples) {
      let count = counts.get(label);
      if (count === undefined) counts.set(label, (count = { train: 0, validation: 0, test: 0 }));
      count[part]++;
    }
  }
  return sortLabels(counts.keys()).map((label) => ({ label, ...counts.get(label)! }));
}

/** Groups of labels that differ only in case or white space. */
function similarLabels(counts: readonly LabelCount[]): string[][] {
  const alike = new Map<string, string[]>();
  for (const { label } of counts) {
    const plain = plainLabel(label);
    const others = alike.get(plain);
    if (others) others.push(label);
    else alike.set(plain, [label]);
  }
  return [...alike.values()].filter(({ length }) => length > 1);
}

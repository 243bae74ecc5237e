import { classProbabilities } from "../../train/metrics/class-probabilities.js";
import type { TokensInText } from "../../tokenize/text-tokenizer.js";
import { TagScheme } from "../../train/metrics/tag-scheme.js";

/** A part of a text and what it is. */
export interface TokenSpan {
  /** The label, without "B-" or another place where tokens were put together. */
  readonly label: string;
  /** Probability of the label, 0 to 1; of several tokens their mean. */
  readonly probability: number;
  /** First character, in UTF-16 units. */
  readonly start: number;
  /** The one after the last. */
  readonly end: number;
  /** `text.slice(start, end)` */
  readonly text: string;
}

/** What is known of a text's tokens. */
export interface TokenScores extends TokensInText {
  /** `[tokens, classes]`, special ones included. */
  readonly logits: Float32Array;
}

/** Labelled spans of text number `i`. Throws `NonFiniteError` for logits that give no probabilities. */
export function spansOf(
  text: string,
  labels: readonly string[],
  { first, offsets, logits }: TokenScores,
  aggregation: "simple" | "none",
  i: number,
): TokenSpan[] {
  const tokens = Array.from({ length: offsets.length / 2 }, (_, t) => {
    const row = logits.subarray((first + t) * labels.length, (first + t + 1) * labels.length);
    const { probabilities, best } = classProbabilities(row, `text ${i}`);
    const [start, end] = [offsets[2 * t]!, offsets[2 * t + 1]!];
    return { label: labels[best]!, probability: probabilities[best]!, start, end };
  });
  if (aggregation === "none") return tokens.map((token) => ({ ...token, text: text.slice(token.start, token.end) }));
  const scheme = new TagScheme(labels);
  const groups: (typeof tokens)[] = [];
  for (const token of tokens) {
    const last = groups.at(-1);
    const { begins, name } = scheme.parts(token.label);
    const before = last && scheme.parts(last.at(-1)!.label);
    if (last === undefined || begins || before!.ends || before!.name !== name) groups.push([token]);
    else last.push(token);
  }
  return groups.flatMap((group) => {
    const { name } = scheme.parts(group[0]!.label);
    if (name === "O") return [];
    const probability = group.reduce((sum, token) => sum + token.probability, 0) / group.length;
    const part = text.slice(group[0]!.start, group.at(-1)!.end);
    // A token may be white space alone.
    const start = group[0]!.start + part.length - part.trimStart().length;
    const own = part.trim();
    return [{ label: name, probability, start, end: start + own.length, text: own }];
  });
}

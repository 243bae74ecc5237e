import { computed } from "@preact/signals";
import { plain } from "../../data/rows.js";
import { texts } from "./collection.js";
import { withJudgements } from "./judged.js";
import type { TextPair } from "./split.js";

/** Fewest different questions to train on. */
const FEWEST = 20;

/** Pairs to train on: those of the table, as the judgements correct them. */
export const trainingPairs = computed((): readonly TextPair[] => {
  const { texts: all, pairs } = texts.value!;
  const known = new Set(all);
  return withJudgements(
    pairs.map(({ question, text }) => ({ question, answer: all[text]! })),
    (text) => known.has(text),
  );
});

/** Why there can be no training; null if there can. */
export const untrainable = computed(() => {
  const pairs = trainingPairs.value;
  const count = new Set(pairs.map(({ question }) => plain(question))).size;
  if (count < FEWEST) return { kind: "tooFew", count, least: FEWEST } as const;
  return new Set(pairs.map(({ answer }) => answer)).size < 2 ? ({ kind: "oneAnswer" } as const) : null;
});

/** Whether the table has a text as the answer to a question. */
export function isAnswer(question: string, text: string): boolean {
  const { texts: all, answers } = texts.value!;
  return [...(answers.get(plain(question)) ?? [])].some((place) => all[place] === text);
}

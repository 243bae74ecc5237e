import { computed } from "@preact/signals";
import { conversationsOf, type JudgedPair } from "../../../data/answers/judged-pairs.js";
import { storedValue } from "../../stored-value.js";
import { promptOf } from "../answer-options.js";
import { loaded } from "../language-model.js";
import { note, type Side, turns } from "../turns.js";

/** What the user thinks of an answer. */
export type Judgement = "good" | "bad";

const stored = storedValue<{ readonly pairs: readonly JudgedPair[] }>("chat-judged", { pairs: [] });
export const findJudged = stored.find;
export const judgedPairs = computed(() => stored.value.value.pairs);

export function removePair(id: string): void {
  stored.set({ pairs: judgedPairs.value.filter((pair) => pair.id !== id) });
}

/** Keeps the pair of an answer and another one, which is worse if the answer is good, and better if it is bad. */
export function keepPair(place: number, side: Side, judgement: Judgement, other: string): void {
  const now = loaded.value;
  const answer = turns.value[place]?.answers[side];
  if (now === null || answer === undefined) return;
  if (answer.judged !== undefined) removePair(answer.judged.pair);
  const id = `${Date.now().toString(36)}-${place}-${side}`;
  const { text } = answer.steps.at(-1)!;
  const prompt = promptOf(now, turns.value.slice(0, place + 1), side);
  const [chosen, rejected] = judgement === "good" ? [text, other] : [other, text];
  stored.set({ pairs: [...judgedPairs.value, { id, prompt, chosen, rejected }] });
  note(place, side, () => ({ judged: { as: judgement, pair: id } }));
}

/** Takes back what was thought of an answer. */
export function takeBack(place: number, side: Side): void {
  const judged = turns.value[place]?.answers[side]?.judged;
  if (judged === undefined) return;
  removePair(judged.pair);
  note(place, side, () => ({ judged: undefined }));
}

/** The pairs as training data for the open model; null without any. */
export const judgedData = (name: string) => conversationsOf(name, judgedPairs.value, loaded.value?.converses ?? true);

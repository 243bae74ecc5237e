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

/** Changes the pairs. Returns what takes it back, with `also`; after a later change that does nothing. */
function change(pairs: readonly JudgedPair[], also?: () => void): () => void {
  const before = judgedPairs.value;
  stored.set({ pairs });
  return () => {
    if (judgedPairs.value !== pairs) return;
    stored.set({ pairs: before });
    also?.();
  };
}

const without = (id: string | undefined) => judgedPairs.value.filter((pair) => pair.id !== id);

/** Removes a pair, and with it what was thought of its answer. Returns what takes it back. */
export const removePair = (id: string): (() => void) => change(without(id));

/**
 * Keeps the pair of an answer and another one, which is worse if the answer is good, and better if it is bad. Returns what takes it back;
 * undefined if the answer is gone.
 */
export function keepPair(place: number, side: Side, judgement: Judgement, other: string): (() => void) | undefined {
  const now = loaded.value;
  const answer = turns.value[place]?.answers[side];
  if (now === null || answer === undefined) return undefined;
  const id = `${Date.now().toString(36)}-${place}-${side}`;
  const { text } = answer.steps.at(-1)!;
  const prompt = promptOf(now, turns.value.slice(0, place + 1), side);
  const [chosen, rejected] = judgement === "good" ? [text, other] : [other, text];
  const { judged } = answer;
  note(place, side, () => ({ judged: { as: judgement, pair: id } }));
  return change([...without(judged?.pair), { id, prompt, chosen, rejected }], () =>
    // In another conversation, there may be another answer at this place.
    note(place, side, (there) => (there.judged?.pair === id ? { judged } : {})),
  );
}

/** The pairs as training data for the open model; null without any. */
export const judgedData = (name: string) => conversationsOf(name, judgedPairs.value, loaded.value?.converses ?? true);

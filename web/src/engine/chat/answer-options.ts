import { signal } from "@preact/signals";
import { slots } from "./adapter.js";
import { boundOptions } from "./format/answer-format.js";
import type { Loaded } from "./language-model.js";
import { type Message, messagesOf } from "./messages-of.js";
import type { Side, Turn } from "./turns.js";

/** Settings of the answers. */
export interface Manner {
  readonly instructions: string;
  readonly temperature: number;
  readonly maxTokens: number;
}

export const manner = signal<Manner>({ instructions: "", temperature: 0, maxTokens: 256 });

/** The prompt of a side's next message; see `messagesOf`. Without a chat template it is the last message alone. */
export const promptOf = ({ converses }: Loaded, all: readonly Turn[], side: Side): string | Message[] =>
  converses ? messagesOf(all, side, all.at(-1)!.instructions) : all.at(-1)!.said;

/** Options of a side's next message, without functions. */
export function answerOptions({ model }: Loaded, side: Side) {
  const { temperature, maxTokens } = manner.value;
  return {
    // If the context is shorter than the longest answer, half of it is left for the question.
    maxTokens: Math.min(maxTokens, Math.max(model.maxTokens >> 1, 1)),
    temperature,
    repetitionPenalty: 1.1,
    logProbabilities: false,
    adapter: side === "base" ? null : slots[side].slotName,
    ...boundOptions(),
  };
}

import { computed, signal } from "@preact/signals";
import type { FormatKind } from "./format/answer-format.js";

/** Which model answers: without an adapter, with the one in use, or with the one beside it. */
export const sides = ["base", "adapted", "second"] as const;
export type Side = (typeof sides)[number];

/** A call of a function. */
export interface Call {
  readonly id: string;
  readonly name: string;
  /** JSON of an object. */
  readonly arguments: string;
  /** What the user gave back; null before. */
  readonly result: string | null;
}

/** A message of the model: its text, and the functions that it calls. Their results lead to the next one. */
export interface Step {
  readonly text: string;
  readonly calls: readonly Call[];
}

/** The answer to a message. */
export interface Answer {
  readonly steps: readonly Step[];
  /** The form that it was bound to. */
  readonly form: FormatKind;
  readonly state: "waiting" | "writing" | "done" | "stopped" | "cut";
  /** The name of its adapter; null without one. */
  readonly adapter: string | null;
  /** What the user thinks of it, and the pair that was kept for it. */
  readonly judged?: { readonly as: "good" | "bad"; readonly pair: string } | undefined;
  /** Tokens per second, once there are enough to measure. */
  readonly speed: number | null;
}

export interface Turn {
  readonly said: string;
  /** The instructions when it was said. */
  readonly instructions: string;
  readonly answers: Partial<Readonly<Record<Side, Answer>>>;
}

export const turns = signal<readonly Turn[]>([]);

export const noStep: Step = { text: "", calls: [] };

/** Changes an answer, if it is there. */
export function note(place: number, side: Side, change: (answer: Answer) => Partial<Answer>): void {
  turns.value = turns.value.map((turn, i) => {
    const before = turn.answers[side];
    return i !== place || before === undefined
      ? turn
      : { ...turn, answers: { ...turn.answers, [side]: { ...before, ...change(before) } } };
  });
}

/** Whether an answer waits for the results of its calls. */
export const isCalling = ({ state, steps }: Answer): boolean =>
  state === "done" && steps.at(-1)!.calls.some(({ result }) => result === null);

/** Whether the last message is still to be answered, once its calls have results. */
export const awaitsResults = computed(() => Object.values(turns.value.at(-1)?.answers ?? {}).some(isCalling));

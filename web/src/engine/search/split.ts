import { partsOf } from "../parts.js";

/** A question and a text that answers it. */
export interface TextPair {
  readonly question: string;
  readonly answer: string;
}

/** One question in this many is held out, of a large table fewer, at most about `MOST_HELD_OUT`. */
const [SHARE, MOST_HELD_OUT] = [5, 1000];

/** The pairs to train on, and those to test on, which have other questions. */
export function splitPairs<P extends Pick<TextPair, "question">>(pairs: readonly P[]): { train: P[]; heldOut: P[] } {
  const count = Math.max(SHARE, Math.ceil(pairs.length / MOST_HELD_OUT));
  const parts = partsOf(
    pairs.map(({ question }) => ({ text: question, label: "" })),
    count,
  );
  // Not the first question: a short table starts with the one that is tried.
  const isHeldOut = (i: number) => parts[i] === count - 1;
  return { train: pairs.filter((_, i) => !isHeldOut(i)), heldOut: pairs.filter((_, i) => isHeldOut(i)) };
}

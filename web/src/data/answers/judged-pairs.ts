import type { Conversations } from "../examples.js";
import { firstPreference, type Preference } from "../preferences.js";

/** A better and a worse answer to the same prompt, from thumbs up and down. */
export interface JudgedPair {
  readonly id: string;
  /** The conversation before the answer; a text for a model without a chat template. */
  readonly prompt: string | readonly Message[];
  readonly chosen: string;
  readonly rejected: string;
}

type Message = { readonly role: string; readonly content: string };

/** What the user asked last. */
export function askedIn({ prompt }: JudgedPair): string {
  if (typeof prompt === "string") return prompt;
  return prompt.findLast(({ role }) => role === "user")?.content ?? "";
}

const answer = (content: string) => [{ role: "assistant", content }];

/**
 * A pair as a run of the task "preferences" reads it.
 * @param converses whether the model has a chat template; without one, prompts are texts
 */
function preferenceOf(pair: JudgedPair, converses: boolean): Preference {
  const { prompt, chosen, rejected } = pair;
  if (!converses) return { prompt: askedIn(pair), chosen, rejected };
  const turns = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
  return { prompt: turns, chosen: answer(chosen), rejected: answer(rejected) };
}

/** The pairs as JSON Lines, the table that `readConversations` and `lowrank finetune --task preferences` read. */
export const tableOfPairs = (pairs: readonly JudgedPair[]): string =>
  pairs.map((pair) => `${JSON.stringify(preferenceOf(pair, typeof pair.prompt !== "string"))}\n`).join("");

/** The pairs as training data; null without any. */
export function conversationsOf(name: string, pairs: readonly JudgedPair[], converses: boolean): Conversations | null {
  const [first, ...others] = pairs.map((pair) => preferenceOf(pair, converses));
  if (first === undefined) return null;
  return { name, task: "preferences", rows: [first, ...others], first: firstPreference([first, ...others]) };
}

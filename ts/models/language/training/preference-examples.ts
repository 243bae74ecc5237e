import { ConfigError } from "../../../errors/errors.js";
import { wrong } from "./example-formats.js";
import { type Answered, exampleOf, type ReadPreference } from "./preference-rows.js";
import { takeLanguageExample, type TrainingTokens } from "./training-examples.js";

type Parts = Parameters<typeof takeLanguageExample>[2];

/** A checked example. */
export interface PreparedPreference {
  /** Ids of all its texts. */
  readonly ids: Int32Array;
  /** The chosen and the rejected answer with their prompt; or one labelled answer. */
  readonly answers: readonly TrainingTokens[];
  /** Whether the labelled answer is wanted; null for a pair. */
  readonly desirable: boolean | null;
  /** The prompt of a labelled answer with another prompt's answer, by which KTO estimates the divergence; null for a pair. */
  readonly other: TrainingTokens | null;
  /** Log probabilities under the base of `answers`, and of `other`; computed when they are first needed, since they never change. */
  reference: Float64Array | null;
}

/**
 * The answer that each labelled example's prompt is combined with: that of the nearest example before it, in a circle, with another prompt,
 * or with the same one if there is no other. Null for pairs.
 */
export function otherAnswers(examples: readonly ReadPreference[]): (Answered | null)[] {
  interface Seen {
    readonly answered: Answered;
    readonly key: string;
    /** The nearest one before it with another prompt. */
    readonly before: Answered | null;
  }
  const last = new Map<string, Seen>();
  const found = new Array<Answered | null>(examples.length).fill(null);
  // Going round twice, the first examples see the last ones.
  for (let round = 0; round < 2; round++)
    for (const [i, example] of examples.entries()) {
      if (example.kind === "pair") continue;
      const { answered } = example;
      const kind = typeof answered.prompt;
      const key = keyOf(answered.prompt);
      const seen = last.get(kind);
      const differing = seen === undefined || seen.key !== key ? (seen?.answered ?? null) : seen.before;
      found[i] = differing ?? seen?.answered ?? answered;
      last.set(kind, { answered, key, before: differing });
    }
  return found.map((other, i) => other && mixed((examples[i] as { readonly answered: Answered }).answered, other));
}

/** Throws `ConfigError` for one labelled answer: KTO exchanges the answers of two. */
export function checkExchangeable(what: string, count: number): void {
  if (count > 1) return;
  throw new ConfigError(
    `${what}: the loss "kto" compares each prompt with another's answer: expected at least two answers, got one`,
    {
      op: what,
      option: "examples",
      length: count,
    },
  );
}

const mixed = (own: Answered, { answer }: Answered) => ({ ...own, answer }) as Answered;

/** Equal for equal prompts. */
const keyOf = (prompt: Answered["prompt"]): string =>
  typeof prompt === "string"
    ? prompt
    : prompt.map(({ role, content }) => `${role}\u0000${typeof content === "string" ? content : ""}`).join("\u0001");

/**
 * An example's tokens. Throws `ConfigError`, with its number, for an answer without a target or with too many tokens, and for two answers
 * with equal tokens.
 * @param other for a labelled answer, from `otherAnswers`
 */
export function preparePreference(
  what: string,
  place: number,
  parts: Parts,
  example: ReadPreference,
  other: Answered | null,
  maxTokens?: number,
): PreparedPreference {
  const take = (answered: Answered) => takeLanguageExample(what, place, parts, exampleOf(answered), maxTokens);
  if (example.kind === "labelled") {
    const own = take(example.answered);
    const exchanged = other && take(other);
    return prepared([own], example.desirable, exchanged);
  }
  const [chosen, rejected] = [take(example.chosen), take(example.rejected)];
  if (equal(chosen, rejected)) {
    const cut = maxTokens === undefined ? "have the same tokens" : `have the same tokens within maxTokens ${maxTokens}`;
    throw wrong(what, place, `its two answers ${cut}, so nothing is preferred`);
  }
  return prepared([chosen, rejected], null, null);
}

function prepared(
  answers: readonly TrainingTokens[],
  desirable: boolean | null,
  other: TrainingTokens | null,
): PreparedPreference {
  const ids = Int32Array.from([...answers, ...(other === null ? [] : [other])].flatMap((one) => [...one.ids]));
  return { ids, answers, desirable, other, reference: null };
}

const equal = (a: TrainingTokens, b: TrainingTokens) =>
  a.ids.length === b.ids.length && a.targets.length === b.targets.length && a.ids.every((id, i) => id === b.ids[i]);

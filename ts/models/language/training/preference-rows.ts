import { isRecord } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { commonLength } from "../../../values/number-list.js";
import {
  type Conversation,
  type ReadConversation,
  type ReadExample,
  readTools,
  type Turn,
  wrong,
} from "./example-formats.js";
import { takeLanguageExample, type TrainingTokens } from "./training-examples.js";

/**
 * Two answers to one prompt, one preferred: all texts, or all turns of a conversation. Without `prompt`, the prompt is what both answers
 * begin with; a text as the prompt of turns is a user's turn.
 */
export interface Preference extends Pick<Conversation, "tools"> {
  /** The prompt: a text, or the turns so far. */
  readonly prompt?: string | readonly Turn[];
  /** The preferred answer. */
  readonly chosen: string | readonly Turn[];
  /** The other answer. */
  readonly rejected: string | readonly Turn[];
}

/** An answer to a prompt, and whether it is wanted: texts, or turns of a conversation. */
export interface LabelledAnswer extends Pick<Conversation, "tools"> {
  /** The prompt: a text, or the turns so far. */
  readonly prompt: string | readonly Turn[];
  /** The answer. */
  readonly completion: string | readonly Turn[];
  /** True for a wanted answer. */
  readonly label: boolean;
}

/** A prompt and an answer, both texts or both turns. */
export type Answered = { readonly prompt: string; readonly answer: string } | TurnsAnswered;

interface TurnsAnswered extends Pick<ReadConversation, "tools"> {
  readonly prompt: readonly Turn[];
  readonly answer: readonly Turn[];
}

/** An example by its kind. */
export type ReadPreference =
  | { readonly kind: "pair"; readonly chosen: Answered; readonly rejected: Answered }
  | { readonly kind: "labelled"; readonly answered: Answered; readonly desirable: boolean };

/** Fields of the rows. */
export const preferenceFields = ["prompt", "chosen", "rejected", "completion", "label", "tools"] as const;

type FieldName = (typeof preferenceFields)[number];

/** Names of the fields in the rows, by their names here. */
type PreferenceFields = Readonly<Partial<Record<FieldName, string>>>;

/** Reads a row: one example, or two if a loss of single answers gets a pair. Throws `ConfigError`, with its number, for another row. */
type PreferenceReader = (row: unknown, place: number) => readonly ReadPreference[];

/** A reader of rows for a loss of pairs, or of single labelled answers. */
export function preferenceReader(what: string, labelled: boolean, fields: PreferenceFields = {}): PreferenceReader {
  const nameOf = (field: FieldName) => fields[field] ?? field;
  const shape = (names: readonly FieldName[]) => `{ ${names.map(nameOf).join(", ")} }`;
  const [pair, single] = [shape(["prompt", "chosen", "rejected"]), shape(["prompt", "completion", "label"])];
  return (row, place) => {
    if (!isRecord(row)) throw wrong(what, place, `it is ${labelled ? `${single} or ${pair}` : pair}`);
    // Each value is read once. Tables have null for empty cells.
    const values = Object.fromEntries(preferenceFields.map((field) => [field, row[nameOf(field)] ?? undefined]));
    const given: Given = { what, place, nameOf, values: values as Given["values"] };
    const isPair = values["chosen"] !== undefined || values["rejected"] !== undefined;
    if (!labelled && !isPair && values["completion"] !== undefined)
      throw wrong(what, place, `it is ${pair}; ${single} is for the loss "kto"`);
    if (!isPair && labelled) return [readLabelled(given, single)];
    const { chosen, rejected } = readPair(given);
    if (!labelled) return [{ kind: "pair", chosen, rejected }];
    return [
      { kind: "labelled", answered: chosen, desirable: true },
      { kind: "labelled", answered: rejected, desirable: false },
    ];
  };
}

/** @internal An answer as an example for training: the answer is the target. */
export function exampleOf(answered: Answered): ReadExample {
  if (typeof answered.prompt === "string")
    return { kind: "completion", prompt: answered.prompt, completion: answered.answer as string };
  const { prompt, answer, ...tools } = answered as TurnsAnswered;
  return { kind: "conversation", messages: [...prompt, ...answer], from: prompt.length, ...tools };
}

interface Given {
  readonly what: string;
  readonly place: number;
  readonly nameOf: (field: FieldName) => string;
  readonly values: Readonly<Record<FieldName, unknown>>;
}

function readLabelled(given: Given, shape: string): ReadPreference {
  const { what, place, nameOf, values } = given;
  const { label, completion } = values;
  if (completion === undefined) throw wrong(what, place, `it is ${shape}`);
  if (typeof label !== "boolean")
    throw wrong(what, place, `${nameOf("label")} is true or false, got ${excerpt(label)}`);
  return { kind: "labelled", answered: answered(given, "completion"), desirable: label };
}

function readPair(given: Given) {
  const { what, place, nameOf, values } = given;
  if (Array.isArray(values.chosen) ? typeof values.rejected === "string" : Array.isArray(values.rejected))
    throw wrong(what, place, `${nameOf("chosen")} and ${nameOf("rejected")} are two texts, or two lists of messages`);
  const [chosen, rejected] =
    values.prompt === undefined ? withSharedPrompt(given) : [answered(given, "chosen"), answered(given, "rejected")];
  if (same(chosen.answer, rejected.answer))
    throw wrong(what, place, `${nameOf("chosen")} and ${nameOf("rejected")} are equal, so nothing is preferred`);
  return { chosen, rejected };
}

/** The prompt with one of its answers. */
function answered(given: Given, field: FieldName): Answered {
  const { what, place, nameOf, values } = given;
  const { prompt, [field]: answer } = values;
  if (typeof prompt === "string" && typeof answer === "string") return { prompt, answer };
  if (!Array.isArray(answer) || (typeof prompt !== "string" && !Array.isArray(prompt)))
    throw wrong(what, place, `${nameOf("prompt")} and ${nameOf(field)} are two texts, or two lists of messages`);
  const turns = turnsOf(given, field, answer);
  const tools = readTools(what, place, nameOf("tools"), values.tools);
  if (Array.isArray(prompt)) return { prompt: turnsOf(given, "prompt", prompt), answer: turns, ...tools };
  // Some data sets repeat the prompt as the first turn of each answer.
  const repeated = turns[0]?.role === "user" && turns[0].content === prompt;
  return { prompt: [{ role: "user", content: prompt }], answer: repeated ? turns.slice(1) : turns, ...tools };
}

/** Two answers that both contain their prompt. */
function withSharedPrompt(given: Given): [Answered, Answered] {
  const { what, place, nameOf, values } = given;
  const { chosen, rejected } = values;
  if (typeof chosen === "string" && typeof rejected === "string") {
    const prompt = chosen.slice(0, sharedText(chosen, rejected));
    const answer = (text: string) => ({ prompt, answer: text.slice(prompt.length) });
    return [answer(chosen), answer(rejected)];
  }
  if (!Array.isArray(chosen) || !Array.isArray(rejected))
    throw wrong(what, place, `${nameOf("chosen")} and ${nameOf("rejected")} are two texts, or two lists of messages`);
  const turns = [turnsOf(given, "chosen", chosen), turnsOf(given, "rejected", rejected)] as const;
  const differs = turns[0].findIndex((turn, i) => !same(turn, turns[1][i]));
  const length = differs < 0 ? turns[0].length : differs;
  const tools = readTools(what, place, nameOf("tools"), values.tools);
  const answer = (list: readonly Turn[]) => ({ prompt: list.slice(0, length), answer: list.slice(length), ...tools });
  return [answer(turns[0]), answer(turns[1])];
}

/** Length of the beginning that two texts share, in whole characters. A space before the difference belongs to the answers. */
function sharedText(a: string, b: string): number {
  let length = commonLength(a, b);
  if (length === a.length && length === b.length) return 0;
  // Many emoji begin with the same half.
  if (length > 0 && a.codePointAt(length - 1)! > 0xffff) length--;
  return length > 0 && a[length - 1] === " " ? length - 1 : length;
}

function turnsOf({ what, place, nameOf }: Given, field: FieldName, turns: readonly unknown[]): Turn[] {
  const expected = `${nameOf(field)} is a list of { role, content }`;
  if (turns.length === 0) throw wrong(what, place, `${expected}, got an empty list`);
  return Array.from(turns, (turn) => {
    if (!isRecord(turn) || typeof turn["role"] !== "string")
      throw wrong(what, place, `${expected}, got ${excerpt(turn)}`);
    return { ...turn, role: turn["role"] };
  });
}

/** Whether two values of JSON are equal, down to the parts of a message's content. */
function same(a: unknown, b: unknown, depth = 4): boolean {
  if (a === b || depth === 0) return a === b;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, i) => same(one, b[i], depth - 1));
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => same(a[name], b[name], depth - 1));
}

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

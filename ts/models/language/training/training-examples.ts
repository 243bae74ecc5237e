import { listFrom } from "../../../arguments/settings.js";
import { ConfigError, ModelError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { TextTokenizer } from "../../../tokenize/text-tokenizer.js";
import { commonLength, integersOf, maskOf } from "../../../values/number-list.js";
import type { LanguageModelParts } from "../load-language-model.js";
import {
  type ExampleFields,
  exampleReader,
  type LanguageExample,
  type ReadConversation,
  type ReadExample,
  type Turn,
  wrong,
} from "./example-formats.js";

/**
 * Truncates an example to at most `most` tokens such that targets stay. Ids after the last target go first: they do not affect the
 * training. If all targets fit, with the token before the first, the context before them is cut at its start. Otherwise the context is cut
 * to at most half of the room, and the last targets are dropped.
 * @internal exported for its tests
 */
export function truncated({ ids, targets }: TrainingTokens, most: number): TrainingTokens {
  if (ids.length <= most) return { ids, targets };
  const [first, end] = [targets[0]!, targets.at(-1)! + 1];
  const fits = end - (first - 1) <= most;
  const start = fits ? Math.max(0, end - most) : Math.max(0, first - Math.max(1, Math.floor(most / 2)));
  const kept = targets.filter((target) => target > start && target < start + most);
  return { ids: ids.slice(start, start + most), targets: kept.map((target) => target - start) };
}

/** A checked example. */
export interface TrainingTokens {
  readonly ids: Int32Array;
  /** Indices of the targets, from 1. */
  readonly targets: readonly number[];
}

type Parts = Pick<LanguageModelParts, "tokenizer" | "ends" | "model"> & {
  /** Formats conversations; null or undefined if the model has no template. */
  readonly chatTemplate?: ChatWriter | null;
};

/** Options for reading examples. */
export interface ExampleOptions {
  /** Names of the fields in the examples, by their names here: `{ prompt: "question", completion: "answer" }`. Default: the same names. */
  readonly fields?: ExampleFields;
  /**
   * Maximum number of tokens of an example: a longer one is truncated such that its targets stay, as far as they fit. Default: the model's
   * positions; a longer example then throws.
   */
  readonly maxTokens?: number;
}

/** Tokens, and which are targets. */
interface Masked {
  readonly ids: Int32Array;
  readonly mask: Uint8Array;
}

/** Copies of examples. Throws `ConfigError`, naming the example, for one that is invalid, has no target, or is too long. */
export function takeLanguageExamples(
  what: string,
  parts: Parts,
  examples: readonly LanguageExample[],
  { fields, maxTokens }: ExampleOptions = {},
): TrainingTokens[] {
  const read = exampleReader(what, fields);
  const expected = `${what}: a list of { text }, { prompt, completion }, { messages } or the like is expected`;
  return listFrom(expected, examples, (example, i) => takeLanguageExample(what, i, parts, read(example, i), maxTokens));
}

/** Checks the example at index `i`. */
export function takeLanguageExample(
  what: string,
  i: number,
  parts: Parts,
  example: ReadExample,
  maxTokens?: number,
): TrainingTokens {
  const { ids, mask } = maskedOf(what, i, parts, example);
  return checked(what, i, parts, ids, mask, maxTokens);
}

function maskedOf(what: string, i: number, parts: Parts, example: ReadExample): Masked {
  switch (example.kind) {
    case "masked":
      return given(what, i, example.ids as number[], example.mask as number[]);
    case "text":
      return joined(what, i, "", example.text, parts);
    case "completion":
      return joined(what, i, example.prompt, example.completion, parts);
    case "instruction":
      return parts.chatTemplate == null
        ? joined(what, i, alpaca(example), example.output, parts)
        : written(what, i, turnsOf(example), parts);
    case "conversation":
      return written(what, i, example.messages, parts, example);
  }
}

/** Tokens of a conversation; those of the assistant's turns at index `from` or later are targets. Functions of `tools` are written before them. */
function written(
  what: string,
  i: number,
  messages: readonly Turn[],
  { tokenizer, chatTemplate, ends }: Parts,
  more?: Pick<ReadConversation, "from" | "tools">,
): Masked {
  if (tokenizer === null) throw wrong(what, i, "this model has no tokenizer.json: it must be { ids, mask }");
  if (chatTemplate == null)
    throw wrong(
      what,
      i,
      "this model has no chat template to write conversations with: give { prompt, completion }, or put chat_template.jinja beside it",
    );
  const { text, spans } = writtenTurns(what, i, chatTemplate, messages, more);
  const ids = tokenizer.encodeBare(text);
  const mask = new Uint8Array(ids.length);
  for (const { start, end } of spans) {
    const [first, until] = [sharedTokens(tokenizer, text, ids, start).shared, sharedTokens(tokenizer, text, ids, end)];
    // A token that extends beyond the end of a turn ends it too.
    const last = Math.min(ids.length, until.shared + (until.whole ? 0 : 1));
    mask.fill(1, first, last);
    // Nothing is ever generated after the token that ends a turn.
    const over = ids.subarray(first, last).findLastIndex((id) => ends.has(id));
    if (over >= 0) mask.fill(0, first + over + 1, last);
  }
  return { ids, mask };
}

/** How many tokens cover the first `length` characters, and whether they cover exactly these. */
function sharedTokens(tokenizer: TextTokenizer, text: string, ids: Int32Array, length: number) {
  if (length === text.length) return { shared: ids.length, whole: true };
  const alone = tokenizer.encodeBare(text.slice(0, length));
  const shared = commonLength(alone, ids);
  return { shared, whole: shared === alone.length };
}

/** An instruction as a conversation. */
const turnsOf = ({ instruction, input, output }: Alpaca & { readonly output: string }): Turn[] => [
  { role: "user", content: input === "" ? instruction : `${instruction}\n\n${input}` },
  { role: "assistant", content: output },
];

interface Alpaca {
  readonly instruction: string;
  readonly input: string;
}

/** Alpaca's prompt; the target follows. */
function alpaca({ instruction, input }: Alpaca): string {
  const given = input === "" ? "" : `### Input:\n${input}\n\n`;
  return `### Instruction:\n${instruction}\n\n${given}### Response:\n`;
}

function given(what: string, i: number, ids: ArrayLike<number>, mask: ArrayLike<number | boolean>): Masked {
  const taken = integersOf(what, `ids of example ${i}`, ids).data;
  const targets = maskOf(what, `mask of example ${i}`, mask);
  // Other libraries mark tokens that are not targets by −100, and give ids for targets.
  const strange = Array.from(mask, Number).find((one) => one !== 0 && one !== 1);
  if (strange !== undefined)
    throw new ConfigError(`${what}: mask of example ${i} has a 1 or a 0 for each token, got ${strange}`, {
      op: what,
      option: "mask",
      place: i,
      value: strange,
    });
  if (targets.length === taken.length) return { ids: taken, mask: targets };
  throw new ConfigError(
    `${what}: example ${i} has ${taken.length} ids and a mask of ${targets.length}: there is one of each for a token`,
    { op: what, option: "mask", place: i, expected: taken.length, actual: targets.length },
  );
}

/** The completion begins at the first token that the prompt alone does not have there. */
function joined(what: string, i: number, prompt: string, completion: string, { tokenizer, ends }: Parts): Masked {
  if (tokenizer === null) throw wrong(what, i, "this model has no tokenizer.json: it must be { ids, mask }");
  const [alone, all] = [tokenizer.encode(prompt), tokenizer.encode(prompt + completion)];
  const first = commonLength(alone, all);
  const [end] = ends;
  const ids = Int32Array.from(end === undefined || all.at(-1) === end ? all : [...all, end]);
  return { ids, mask: Uint8Array.from(ids, (_, place) => (place >= first ? 1 : 0)) };
}

function checked(
  what: string,
  i: number,
  { model }: Parts,
  ids: Int32Array,
  mask: Uint8Array,
  maxTokens: number | undefined,
): TrainingTokens {
  const { vocabularySize, maxPositions } = model.config;
  const fail = (problem: string, option: string) =>
    new ConfigError(`${what}: example ${i} ${problem}`, { op: what, option, place: i });
  if (ids.length > maxPositions && maxTokens === undefined)
    throw fail(`has ${ids.length} tokens; the model has ${maxPositions} positions (maxTokens cuts examples)`, "ids");
  const strange = ids.find((id) => id < 0 || id >= vocabularySize);
  if (strange !== undefined) throw fail(`has the token ${strange}; there are 0 to ${vocabularySize - 1}`, "ids");
  // There is no token before the first one to predict it.
  const targets = Array.from(mask.keys()).filter((place) => place > 0 && mask[place] === 1);
  if (targets.length === 0) throw fail("has no target: its mask is 0 at every token but perhaps the first", "mask");
  return truncated({ ids, targets }, Math.min(maxTokens ?? maxPositions, maxPositions));
}

/** @internal Formats conversations as the model expects them. */
export interface ChatWriter {
  /** Throws for messages that the template does not accept. */
  textWithoutTools(what: string, messages: readonly Turn[], options: { readonly addGenerationPrompt: boolean }): string;
  /** The text of a conversation with functions that the model may call; it throws for invalid ones too. */
  textWithTools(
    what: string,
    messages: readonly Turn[],
    tools: unknown,
    options: { readonly addGenerationPrompt: boolean },
  ): string;
}

/** A range of a text, `[start, end)`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Maximum number of turns: the template runs for each of them, on all turns before it. */
const MOST_TURNS = 512;

/** A text that no template changes and no conversation contains. */
const MARK = "\uE000lowrank\uE001";

/**
 * @internal A conversation's text, and the ranges of the assistant's turns at index `from` or later, each from the end of the prompt before it to the
 * start of the next turn. Some templates write a turn differently once others follow, or begin an answer with text that the data do not have;
 * then a turn is found by its content.
 *
 * Throws `ConfigError`, naming the example, if there is no assistant turn, or one cannot be found.
 */
export function writtenTurns(
  what: string,
  place: number,
  template: ChatWriter,
  messages: readonly Turn[],
  { from = 0, tools }: Pick<ReadConversation, "from" | "tools"> = {},
): { readonly text: string; readonly spans: readonly Span[] } {
  if (messages.length > MOST_TURNS)
    throw wrong(what, place, `it has ${messages.length} turns; ${MOST_TURNS} are taken: part it into several`);
  const answers = [...messages.keys()].filter((i) => i >= from && messages[i]!.role === "assistant");
  if (answers.length === 0) {
    const roles = [...new Set(messages.slice(from).map(({ role }) => role))].slice(0, 8);
    throw wrong(what, place, `no turn is the assistant's, so there is nothing to learn: roles are ${excerpt(roles)}`);
  }
  const named = `${what}: example ${place}`;
  const write = (given: readonly Turn[], addGenerationPrompt = false) =>
    tools === undefined
      ? template.textWithoutTools(named, given, { addGenerationPrompt })
      : template.textWithTools(named, given, tools, { addGenerationPrompt });
  const text = write(messages);
  const spans = answers.map((i) => spanOf(text, messages, i, write));
  const lost = spans.findIndex((span, i) => span === null || span.start < (spans[i - 1]?.end ?? 0));
  if (lost < 0) return { text, spans: spans as Span[] };
  throw wrong(what, place, `turn ${answers[lost]!} cannot be found in what the model's chat template writes`);
}

type Write = (messages: readonly Turn[], addGenerationPrompt?: boolean) => string;

function spanOf(text: string, messages: readonly Turn[], i: number, write: Write): Span | null {
  const start = endOf(text, () => write(messages.slice(0, i), true));
  const end = i + 1 === messages.length ? text.length : endOf(text, () => write(messages.slice(0, i + 1)));
  if (start !== null && end !== null && start < end) return { start, end };
  const marked = write(messages.map((turn, k) => (k === i ? { ...turn, content: MARK } : turn)));
  const at = marked.indexOf(MARK);
  if (at < 0) return null;
  const behind = marked.slice(at + MARK.length);
  // Whatever the template does to the content, the text around it stays.
  if (!text.startsWith(marked.slice(0, at)) || !text.endsWith(behind)) return null;
  const own = text.length - behind.length;
  if (own <= at) return null;
  // The end of a turn is the text that follows it when no other turn follows.
  return { start: start ?? at, end: end ?? own + commonLength(behind, tailOf(messages.slice(0, i + 1), write)) };
}

/** Length, if the whole begins with it; null if not, or if the template does not accept these messages. */
function endOf(text: string, write: () => string): number | null {
  const part = attempt(write);
  return part !== null && text.startsWith(part) ? part.length : null;
}

/** What the template writes after the last turn's content. */
function tailOf(messages: readonly Turn[], write: Write): string {
  const last = { ...messages.at(-1)!, content: MARK };
  const marked = attempt(() => write([...messages.slice(0, -1), last])) ?? "";
  return marked.slice(marked.indexOf(MARK) + MARK.length);
}

function attempt(write: () => string): string | null {
  try {
    return write();
  } catch (error) {
    // For example, templates refuse conversations that do not begin with a user's turn.
    if (error instanceof ModelError || error instanceof ConfigError) return null;
    throw error;
  }
}

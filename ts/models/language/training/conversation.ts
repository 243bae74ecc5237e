import { ConfigError, ModelError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { type Turn, wrong } from "./example-formats.js";

/** Writes conversations as a model reads them. */
export interface ChatWriter {
  /** Throws where messages are none that the template takes. */
  apply(what: string, messages: readonly Turn[], options: { readonly addGenerationPrompt: boolean }): string;
}

/** A part of a text, `[start, end)`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Most turns: a template is run for each of them, on all before it. */
const MOST_TURNS = 512;

/** A text that no template changes and no conversation holds. */
const MARK = "\uE000lowrank\uE001";

/**
 * A conversation's text, and where what the assistant says stands in it, up to where the next turn begins: from where the
 * prompt of all before it ends. Templates may write a turn in another way once others follow, or begin an answer with what no
 * answer of the data has; then a turn is found by what it says.
 *
 * Throws `ConfigError`, which names the example, where nobody is the assistant, or a turn cannot be found.
 */
export function writtenTurns(
  what: string,
  place: number,
  template: ChatWriter,
  messages: readonly Turn[],
): { readonly text: string; readonly spans: readonly Span[] } {
  if (messages.length > MOST_TURNS)
    throw wrong(what, place, `it has ${messages.length} turns; ${MOST_TURNS} are taken: part it into several`);
  const answers = [...messages.keys()].filter((i) => messages[i]!.role === "assistant");
  if (answers.length === 0) {
    const roles = [...new Set(messages.map(({ role }) => role))].slice(0, 8);
    throw wrong(what, place, `no turn is the assistant's, so there is nothing to learn: roles are ${excerpt(roles)}`);
  }
  const write = (given: readonly Turn[], addGenerationPrompt = false) =>
    template.apply(`${what}: example ${place}`, given, { addGenerationPrompt });
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
  // Whatever the template makes of what is said, around it nothing changes.
  if (!text.startsWith(marked.slice(0, at)) || !text.endsWith(behind)) return null;
  const own = text.length - behind.length;
  if (own <= at) return null;
  // What ends the turn is what stands behind it also where no other follows.
  return { start: start ?? at, end: end ?? own + sharedLength(behind, tailOf(messages.slice(0, i + 1), write)) };
}

/** Length of what is written, where the whole begins with it; null where not, or where the template takes no such messages. */
function endOf(text: string, write: () => string): number | null {
  const part = attempt(write);
  return part !== null && text.startsWith(part) ? part.length : null;
}

/** What is written behind the last turn's words. */
function tailOf(messages: readonly Turn[], write: Write): string {
  const last = { ...messages.at(-1)!, content: MARK };
  const marked = attempt(() => write([...messages.slice(0, -1), last])) ?? "";
  return marked.slice(marked.indexOf(MARK) + MARK.length);
}

function attempt(write: () => string): string | null {
  try {
    return write();
  } catch (error) {
    // Templates refuse what does not begin with a user's turn, and the like.
    if (error instanceof ModelError || error instanceof ConfigError) return null;
    throw error;
  }
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

import { ConfigError } from "../../errors/errors.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import type { LanguageModelParts } from "./load-language-model.js";
import type { CallAdapters } from "../../adapters/call-adapters.js";
import { behindEach } from "./behind.js";
import type { CachedTokens } from "./cached-tokens.js";
import type { TakenGenerateOptions } from "./generate-options.js";
import { readPrompts } from "./read-prompts.js";
import { type GeneratedToken, type Room, Sequence } from "./sequence.js";

/** Tokens where nothing is said. */
const USUAL_TOKENS = 256;

/** What runs. */
export type GeneratingParts = Pick<
  LanguageModelParts,
  "graph" | "model" | "tokenizer" | "ends" | "name" | "cacheFormat"
>;

/** A text that is asked for. */
export interface GenerationRequest {
  readonly prompt: Int32Array;
  readonly room: Room;
  readonly options: TakenGenerateOptions;
}

/** A token of one of several texts. */
export interface BatchToken extends GeneratedToken {
  /** Which of the requests it is of. */
  readonly sequence: number;
}

/** How many tokens may follow a prompt. Throws `ConfigError` where there is no room for them. */
export function roomFor(what: string, prompt: Int32Array, maxTokens: number | undefined, maxPositions: number): Room {
  if (prompt.length === 0)
    throw new ConfigError(`${what}: the prompt has no token to go on from`, { op: what, option: "prompt", length: 0 });
  const room = maxPositions - prompt.length;
  if (room >= (maxTokens ?? 1)) {
    const tokens = maxTokens ?? Math.min(USUAL_TOKENS, room);
    return { tokens, whole: tokens === room && maxTokens === undefined };
  }
  throw new ConfigError(
    `${what}: a prompt of ${prompt.length} tokens and ${maxTokens ?? 1} more do not fit into the model's ${maxPositions} positions; ` +
      `${Math.max(room, 0)} more would`,
    { op: what, option: maxTokens === undefined ? "prompt" : "maxTokens", value: maxTokens, length: maxPositions },
  );
}

/**
 * Generates several texts token after token, a pass of the model giving each one its next; each has text where the model has a
 * tokenizer. What a call takes is its own, so calls do not disturb each other; it is given back when the generator ends, however it does.
 *
 * @param kept tokens of before that the only request goes on from, which stay its caller's
 */
export async function* generateTokens(
  parts: GeneratingParts,
  adapters: CallAdapters,
  requests: readonly GenerationRequest[],
  signal: AbortSignal | undefined,
  kept?: CachedTokens,
): AsyncGenerator<BatchToken, void, undefined> {
  const { graph, model } = parts;
  const texts = requests.map(({ prompt, room, options }) => new Sequence(parts, prompt, room, options));
  const held: (CachedTokens | undefined)[] = texts.map(() => kept);
  const pause = breather(signal);
  const breathe = async () => {
    throwIfAborted(signal);
    await pause();
    throwIfAborted(signal);
  };
  try {
    adapters.keep(graph);
    const logits = await readPrompts(parts, adapters, texts, held, breathe);
    // Neighbours share an adapter's range.
    const order = adapters.order(0, texts.length) ?? [...texts.keys()];
    for (;;) {
      for (const [sequence, text] of texts.entries())
        if (!text.done) yield { sequence, ...text.take(logits[sequence]!) };
      const going = order.filter((i) => !texts[i]!.done);
      if (going.length === 0) return;
      await breathe();
      const fed = going.map((i) => ({ text: i, held: held[i]!, ids: texts[i]!.next, rounded: texts[i]!.rounded }));
      for (const [place, row] of behindEach({ graph, model }, adapters, fed).entries()) logits[going[place]!] = row;
      for (const [i, text] of texts.entries()) if (text.done && kept === undefined) held[i]!.dispose();
    }
  } finally {
    if (!graph.gone) {
      for (const own of held) if (own !== kept) own?.dispose();
      adapters.release(graph);
    }
  }
}

import type { CallAdapters } from "../../adapters/call-adapters.js";
import { behindEach } from "./behind.js";
import { CachedTokens } from "./cached-tokens.js";
import type { LanguageModelParts } from "./load-language-model.js";
import type { Sequence } from "./sequence.js";

/** Tokens that go through the model between two looks at the signal, of one long prompt or of several. */
const PROMPT_TOKENS = 256;

type Parts = Pick<LanguageModelParts, "graph" | "model" | "cacheFormat">;

/** What a prompt begins with alike: which of those before it has it, and how many tokens that are. */
interface Begin {
  readonly of: number;
  readonly length: number;
}

/**
 * Reads the prompts of a call's texts, in passes over as many of them as fit; what prompts begin with alike, computed alike, is
 * computed once. A row's bits do not depend on what else is in a pass.
 *
 * @param held tokens of each text, of which some may hold tokens of before; those that are not there are made, and are the caller's
 * @param breathe called before each pass; throws where the call was aborted
 * @returns logits `[vocabulary]` behind each prompt
 */
export async function readPrompts(
  parts: Parts,
  adapters: CallAdapters,
  texts: readonly Sequence[],
  held: (CachedTokens | undefined)[],
  breathe: () => Promise<void>,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  const begins = texts.map((_, i) => (held[i] === undefined ? beginOf(adapters, texts, i) : null));
  for (const [i, { prompt }] of texts.entries()) held[i]?.cut(Math.min(held[i].common(prompt), prompt.length - 1));
  const order = adapters.order(0, texts.length) ?? [...texts.keys()];
  for (;;) {
    const fed = [];
    for (let [place, room] = [0, PROMPT_TOKENS]; place < order.length && room > 0; place++) {
      const text = order[place]!;
      const { prompt, rounded } = texts[text]!;
      const own = (held[text] ??= begun(parts, begins[text]!, held));
      const ids = prompt.subarray(own?.length ?? prompt.length, (own?.length ?? 0) + room);
      if (own === undefined || ids.length === 0) continue;
      fed.push({ text, held: own, ids, rounded });
      room -= ids.length;
    }
    if (fed.length === 0) return logits;
    await breathe();
    for (const [place, row] of behindEach(parts, adapters, fed).entries()) logits[fed[place]!.text] = row;
  }
}

/** The longest beginning that a text has in common with one before it, but for its last token, behind which logits are wanted. */
function beginOf(adapters: CallAdapters, texts: readonly Sequence[], i: number): Begin {
  const { prompt, rounded } = texts[i]!;
  let begin = { of: 0, length: 0 };
  for (let of = 0; of < i; of++) {
    const other = texts[of]!;
    if (other.rounded !== rounded || !adapters.alike(of, i)) continue;
    const most = Math.min(other.prompt.length, prompt.length - 1);
    let length = 0;
    while (length < most && other.prompt[length] === prompt[length]) length++;
    if (length > begin.length) begin = { of, length };
  }
  return begin;
}

/** What a text begins with, once the one that it has it from has come so far. */
function begun(
  { graph, model, cacheFormat }: Parts,
  { of, length }: Begin,
  held: readonly (CachedTokens | undefined)[],
): CachedTokens | undefined {
  if (length === 0) return CachedTokens.none(graph, model.config, cacheFormat);
  const from = held[of];
  return from !== undefined && from.length >= length ? from.fork(length) : undefined;
}

import type { CallAdapters } from "../../adapters/call-adapters.js";
import { keepsState } from "../decoder/config.js";
import { decodeBatch } from "./decode-step.js";
import { CachedTokens } from "./cached-tokens.js";
import type { LanguageModelParts } from "./load-language-model.js";
import type { Sequence } from "./sequence.js";
import { commonLength } from "../../values/number-list.js";

/** Tokens computed between two checks of the signal, of one long prompt or of several. */
export const PROMPT_TOKENS = 256;

type Parts = Pick<LanguageModelParts, "graph" | "model" | "cacheFormat">;

/** The beginning that a prompt shares with an earlier one: which one, and the number of tokens. */
interface Begin {
  readonly of: number;
  readonly length: number;
}

/**
 * Computes the prompts of a call's texts, in passes over as many as fit. Common beginnings are computed once. A row's bits do not depend on
 * the rest of the pass.
 *
 * @param held cached tokens of each text, from earlier calls if any; missing ones are created and belong to the caller
 * @param breathe called between two passes; throws if the call was aborted
 * @returns logits `[vocabulary]` after each prompt
 */
export async function readPrompts(
  parts: Parts,
  adapters: CallAdapters,
  texts: readonly Sequence[],
  held: (CachedTokens | undefined)[],
  breathe: () => Promise<void>,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  // A state is that of one token alone, which the common beginning seldom ends with.
  const shares = !keepsState(parts.model.config);
  const begins = texts.map((_, i) =>
    held[i] === undefined ? (shares ? beginOf(adapters, texts, i) : { of: 0, length: 0 }) : null,
  );
  for (const [i, { prompt }] of texts.entries()) held[i]?.cut(held[i].reusable(prompt));
  const order = adapters.order(0, texts.length) ?? [...texts.keys()];
  for (let passes = 0; ; passes++) {
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
    if (passes > 0) await breathe();
    for (const [place, row] of (await decodeBatch(parts, adapters, fed)).entries()) logits[fed[place]!.text] = row;
  }
}

/** The longest beginning that a text shares with an earlier one, without its last token, whose logits are needed. */
function beginOf(adapters: CallAdapters, texts: readonly Sequence[], i: number): Begin {
  const { prompt, rounded } = texts[i]!;
  let begin = { of: 0, length: 0 };
  for (let of = 0; of < i; of++) {
    const other = texts[of]!;
    if (other.rounded !== rounded || !adapters.alike(of, i)) continue;
    const length = Math.min(commonLength(other.prompt, prompt), prompt.length - 1);
    if (length > begin.length) begin = { of, length };
  }
  return begin;
}

/** Copies the common beginning once the earlier text has been computed that far. */
function begun(
  { graph, model, cacheFormat }: Parts,
  { of, length }: Begin,
  held: readonly (CachedTokens | undefined)[],
): CachedTokens | undefined {
  if (length === 0) return CachedTokens.none(graph, model.config, cacheFormat);
  const from = held[of];
  return from !== undefined && from.length >= length ? from.fork(length) : undefined;
}

import type { Example } from "../example.js";
import type { TokenLengths } from "./data-summary.js";
import { ScriptCount } from "./script-tokens.js";
import { spreadOf } from "./spread.js";
import type { TokenCounter } from "./token-counter.js";

/** The most texts of a split to tokenize, and the tokens up to which each is counted at least. */
const TEXTS = 20_000;
const TOKENS = 4096;

/** The most tokens to count in a text. */
export const mostCounted = (maxTokens: number) => Math.max(TOKENS, 2 * maxTokens);

/**
 * Lengths of texts in tokens. For more than 20,000 texts, of an even sample; a text is counted up to 4,096 tokens or twice `maxTokens`.
 * @param breathe awaited before each text, with the number done
 */
export async function tokenLengths(
  examples: readonly Pick<Example, "text">[],
  counter: TokenCounter,
  maxTokens: number,
  breathe: (done: number) => Promise<void> | undefined,
): Promise<TokenLengths> {
  const texts = Math.min(examples.length, TEXTS);
  const most = mostCounted(maxTokens);
  const lengths: number[] = [];
  const scripts = new ScriptCount(counter, texts);
  let [all, strange, cut] = [0, 0, 0];
  for (let i = 0; i < texts; i++) {
    const pause = breathe(i);
    if (pause !== undefined) await pause;
    const { text } = examples[Math.floor((i * examples.length) / texts)]!;
    const { tokens, unknown } = counter.measure(text, most);
    lengths.push(Math.min(tokens, most));
    all += tokens;
    strange += unknown;
    if (tokens > maxTokens) cut++;
    scripts.add(text, i);
  }
  const shares = { cut: cut / Math.max(1, texts), unknown: strange / Math.max(1, all) };
  return { ...spreadOf(lengths), texts, maxTokens, ...shares, scripts: scripts.result() };
}

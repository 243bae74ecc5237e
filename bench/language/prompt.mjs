/** Tokens of the prompt, and of the text behind it, that every side is timed with. */
export const PROMPT = 128;
export const BEHIND = 32;

const passage =
  "The river rises in the hills and runs west for a long day before it meets the sea. In spring the fields beside it stand under " +
  "water, and the people who live there move their boats to the doors of their houses. They say that the water has always come and that " +
  "it will always go again. Children learn to row before they learn to read, and the old ones tell which year brought the most fish and " +
  "which year took the bridge away. When the fields are dry the ploughs go out, the birds come back from the south, and the market opens " +
  "on the square in front of the church, where one may buy bread, rope, candles, honey, seed and a small book with the hours of the tide.";

/**
 * The same words for every side: as text, and as ids of the model's vocabulary.
 * @param {{ encode(text: string): Int32Array }} tokenizer
 * @returns {{ text: string, ids: number[] }}
 */
export function promptOf(tokenizer) {
  const words = passage.split(" ");
  for (let count = PROMPT; count > 0; count--) {
    const text = words.slice(0, count).join(" ");
    const ids = Array.from(tokenizer.encode(text));
    if (ids.length === PROMPT) return { text, ids };
  }
  throw new Error(`no number of the passage's words makes ${PROMPT} tokens`);
}

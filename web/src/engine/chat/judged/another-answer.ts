import { ensureAdapters } from "../adapter.js";
import { answerOptions, promptOf } from "../answer-options.js";
import { answering, whileAnswering } from "../answering.js";
import { loaded } from "../language-model.js";
import { type Side, turns } from "../turns.js";

/** Least temperature at which other answers differ. */
const DIFFERENT = 0.8;

/**
 * Writes another answer to a message, by chance; `onText` gets the text so far. Resolves when it is written or stopped.
 * @param attempt another number gives another answer
 */
export async function anotherAnswer(
  place: number,
  side: Side,
  attempt: number,
  onText: (text: string) => void,
): Promise<void> {
  const now = loaded.value;
  if (now === null || answering.value) return;
  const prompt = promptOf(now, turns.value.slice(0, place + 1), side);
  const options = answerOptions(now, side);
  await whileAnswering(async (signal) => {
    try {
      await ensureAdapters(now.model);
      let text = "";
      for await (const piece of now.model.generate(prompt, {
        ...options,
        signal,
        seed: attempt,
        temperature: Math.max(options.temperature, DIFFERENT),
      }))
        onText((text += piece));
    } catch (error) {
      // A model that was closed counts as stopped.
      if (!signal.aborted && loaded.value === now) throw error;
    }
  });
}

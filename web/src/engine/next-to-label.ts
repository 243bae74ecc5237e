import { signal } from "@preact/signals";
import type { RunOf } from "../state/runs.js";
import { adaptedOf, predictAll, recovering } from "./classify.js";

/** A text without a label, and its two most probable labels. */
export interface Wavering {
  readonly text: string;
  readonly first: string;
  readonly second: string;
  /** Probabilities of the two labels. */
  readonly odds: readonly [number, number];
}

/** Results by run id. While a search runs, the value is the finished share (0 to 1). */
export const wavering = signal<Readonly<Record<string, readonly Wavering[] | number>>>({});
const set = (id: string, value: readonly Wavering[] | number) =>
  void (wavering.value = { ...wavering.value, [id]: value });

/** Most texts that are predicted. Of more texts, an evenly spaced sample is used. */
const MOST = 2000;

/** The texts that are most useful to label: those with the smallest margin between the two most probable labels. */
export async function findWavering(
  run: RunOf<"classify">,
  unlabelled: readonly string[],
  abort: AbortSignal,
): Promise<void> {
  set(run.id, 0);
  try {
    const different = [...new Set(unlabelled)];
    const every = Math.ceil(different.length / MOST);
    const texts = different.filter((_, i) => i % every === 0);
    const told = (done: number) => set(run.id, done / texts.length);
    const said = await recovering(async () => predictAll(await adaptedOf(run), texts, told, abort));
    const found = said.map(({ probabilities }, i): Wavering => {
      const [[first, p], [second, q]] = Object.entries(probabilities).sort(([, a], [, b]) => b - a) as [
        [string, number],
        [string, number],
      ];
      return { text: texts[i]!, first, second, odds: [p, q] };
    });
    set(
      run.id,
      found.sort((a, b) => a.odds[0] - a.odds[1] - (b.odds[0] - b.odds[1])),
    );
  } catch (error) {
    const { [run.id]: _, ...others } = wavering.value;
    wavering.value = others;
    if (!abort.aborted) throw error;
  }
}

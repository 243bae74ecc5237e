import { signal } from "@preact/signals";
import type { Run } from "../state/runs.js";
import { adaptedOf, predictAll } from "./classify.js";

/** A text whose label the classifier doubts. */
export interface Doubt {
  readonly text: string;
  readonly label: string;
  readonly predicted: string;
  /** Probability that the classifier gives the label in the data. */
  readonly own: number;
  /** Whether the text was tested on, so that the classifier had not learnt that label. */
  readonly unseen: boolean;
}

/** What was found in each run, by its id; a number while it is looked for: the share that is done. */
export const doubts = signal<Readonly<Record<string, readonly Doubt[] | number>>>({});
const set = (id: string, value: readonly Doubt[] | number) => void (doubts.value = { ...doubts.value, [id]: value });

/** Below this probability a label is in doubt. */
const DOUBTFUL = 0.5;

/** Asks the run's classifier about every text that it learnt from or was tested on; the most doubtful first. */
export async function findDoubts(run: Run): Promise<void> {
  set(run.id, 0);
  try {
    const lines = new TextDecoder().decode(run.data).split("\n").filter(Boolean);
    const examples = lines.map((line) => JSON.parse(line) as { text: string; label: string });
    const tested = new Set(run.predictions.map(({ text }) => text));
    const texts = examples.map(({ text }) => text);
    const said = await predictAll(await adaptedOf(run), texts, (done) => set(run.id, done / texts.length));
    const found = examples.map(({ text, label }, i): Doubt => {
      const { label: predicted, probabilities } = said[i]!;
      return { text, label, predicted, own: probabilities[label] ?? 0, unseen: tested.has(text) };
    });
    set(
      run.id,
      found.filter(({ own }) => own < DOUBTFUL).sort((a, b) => a.own - b.own),
    );
  } catch (error) {
    const { [run.id]: _, ...others } = doubts.value;
    doubts.value = others;
    throw error;
  }
}

import type { Engine } from "../../engine/running.js";
import type { Example } from "../../io/examples/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { balancedOrder } from "../../train/balanced-order.js";
import { batchOrder } from "../../train/batch-order.js";
import { microBatches } from "../../train/step.js";
import { breather } from "../../waiting/next-task.js";
import type { TrainingSettings } from "../spec/training-settings.js";

/** Steps that are looked at; those of a longer run are taken to be like them. Where there are none, so many texts. */
const [STEPS_MEASURED, TEXTS_MEASURED] = [4096, 4096];

/** How many tokens a run's steps and texts have. */
export interface BatchTokens {
  /** Of each step, in their order; of the first ones of a long run. */
  readonly steps: readonly number[];
  /** Of the largest micro-batch, where a step is cut into so many. */
  readonly largest: (accumulate: number) => number;
  /** Of all examples to learn from, those that were not counted being taken to be like the others. */
  readonly train: number;
  /** Of the examples by which the step is chosen, and of those that are measured at the end. */
  readonly validation: number;
  readonly measured: number;
  /** Row numbers of a step's examples. */
  readonly batchAt: (step: number) => Int32Array;
}

/** What is counted. */
export interface CountedData {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly measured: readonly Example[];
  readonly labels: readonly string[];
  readonly settings: Pick<TrainingSettings, "batchSize" | "seed" | "sampling">;
  readonly steps: number;
  readonly tokenizer: TextTokenizer;
  readonly engine: Engine;
}

/** Counting that is to be done. */
export interface TokenCounting {
  /** Texts that are counted. */
  readonly texts: number;
  /** Counts; `onProgress` is told every so often how many are done, and at the end. Throws `AbortError`. */
  count(signal: AbortSignal | undefined, onProgress?: (done: number) => void): Promise<BatchTokens>;
}

/** Counts the tokens of the texts that a run will read. */
export function tokenCounting(data: CountedData): TokenCounting {
  const { train, tokenizer, steps } = data;
  const batchAt = orderOf(data);
  const batches = Array.from({ length: Math.min(steps, STEPS_MEASURED) }, (_, step) => batchAt(step));
  const sample = Array.from({ length: Math.min(train.length, TEXTS_MEASURED) }, (_, i) => i);
  const rows = steps === 0 ? sample : [...new Set(batches.flatMap((batch) => [...batch]))];
  // Where the result is measured on the validation, those are the same texts.
  const held = [...new Set([data.validation, data.measured])];
  const texts = held.reduce((sum, { length }) => sum + length, rows.length);
  return {
    texts,
    async count(signal, onProgress) {
      const breathe = breather(signal);
      let done = 0;
      const count = async (text: string) => {
        const pause = breathe();
        if (pause !== undefined) {
          onProgress?.(done);
          await pause;
        }
        done++;
        return tokenizer.encode(text).length;
      };
      const lengths = new Map<number, number>();
      for (const row of rows) lengths.set(row, await count(train[row]!.text));
      const sums = new Map<readonly Example[], number>();
      for (const part of held) {
        let sum = 0;
        for (const { text } of part) sum += await count(text);
        sums.set(part, sum);
      }
      onProgress?.(done);
      const sum = (part: Iterable<number>) => [...part].reduce((tokens, row) => tokens + lengths.get(row)!, 0);
      return {
        steps: batches.map(sum),
        largest: (accumulate) =>
          batches.reduce((most, batch) => Math.max(most, ...microBatches([...batch], accumulate).map(sum)), 0),
        train: Math.round((sum(rows) * train.length) / rows.length),
        validation: sums.get(data.validation)!,
        measured: sums.get(data.measured)!,
        batchAt,
      };
    },
  };
}

/** The order in which `fit` will take examples. */
function orderOf({ train, labels, settings, engine }: CountedData): (step: number) => Int32Array {
  const { batchSize, seed, sampling } = settings;
  if (sampling === null) return batchOrder(train.length, batchSize, seed, engine);
  const classes = new Map(labels.map((label, i) => [label, i]));
  const targets = train.map(({ label }) => classes.get(label)!);
  return balancedOrder(targets, Math.min(batchSize, train.length), seed, engine);
}

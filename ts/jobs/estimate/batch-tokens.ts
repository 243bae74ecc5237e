import type { Engine } from "../../engine/running.js";
import type { Example } from "../../io/examples/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { batchOrder } from "../../train/batch-order.js";
import { microBatches } from "../../train/step.js";
import { breather } from "../../waiting/next-task.js";
import type { JobContext } from "../prepare.js";
import type { TrainingSettings } from "../training-settings.js";

/** Steps that are looked at; those of a longer run are taken to be like them. */
const STEPS_MEASURED = 4096;

/** How many tokens a run's steps and texts have. */
export interface BatchTokens {
  /** Of each step, in their order; of the first ones of a long run. */
  readonly steps: readonly number[];
  /** Of the largest micro-batch, where a step is cut into so many. */
  readonly largest: (accumulate: number) => number;
  /** Of all examples that batches take, each once; of the examples to test on. */
  readonly train: number;
  readonly validation: number;
  /** Row numbers of a step's examples. */
  readonly batchAt: (step: number) => Int32Array;
}

/** What is counted. */
export interface CountedData {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly settings: Pick<TrainingSettings, "batchSize" | "seed">;
  readonly steps: number;
  readonly tokenizer: TextTokenizer;
  readonly engine: Engine;
}

/** Counts the tokens of the texts that a run will read. Tells of it as the phase "tokenize"; throws `AbortError`. */
export async function countTokens(data: CountedData, { emit, signal }: JobContext): Promise<BatchTokens> {
  const { train, validation, settings, tokenizer } = data;
  const batchAt = batchOrder(train.length, settings.batchSize, settings.seed, data.engine);
  const batches = Array.from({ length: Math.min(data.steps, STEPS_MEASURED) }, (_, step) => batchAt(step));
  // Where the head alone is fitted, each example once.
  const rows = data.steps === 0 ? [...train.keys()] : [...new Set(batches.flatMap((batch) => [...batch]))];
  const lengths = new Map<number, number>();
  const progress = { type: "progress", phase: "tokenize", total: rows.length + validation.length } as const;
  emit({ ...progress, done: 0 });
  const breathe = breather(signal);
  let [done, tested] = [0, 0];
  const count = async (text: string) => {
    const pause = breathe();
    if (pause !== undefined) {
      emit({ ...progress, done });
      await pause;
    }
    done++;
    return tokenizer.encode(text).length;
  };
  for (const row of rows) lengths.set(row, await count(train[row]!.text));
  for (const { text } of validation) tested += await count(text);
  emit({ ...progress, done });
  const sum = (part: Iterable<number>) => [...part].reduce((tokens, row) => tokens + lengths.get(row)!, 0);
  return {
    steps: batches.map(sum),
    largest: (accumulate) =>
      batches.reduce((most, batch) => Math.max(most, ...microBatches([...batch], accumulate).map(sum)), 0),
    train: sum(rows),
    validation: tested,
    batchAt,
  };
}

import type { Engine } from "../../../index.js";
import type { Counts, ModelWork, WorkOptions } from "./model-work.js";
import { loadMeasured, type MeasuredModel, type ModelTimes, timeWork } from "./measured-model.js";

/** What a model's work took on a GPU and on WebAssembly. */
export interface ModelTiming {
  /** The model, or the one whose shape its random weights have. */
  readonly model: string;
  readonly random: boolean;
  readonly work: ModelWork["work"];
  readonly shape: string;
  readonly gpu: ModelTimes;
  readonly wasm: ModelTimes;
  readonly ratio: number;
  readonly difference: number;
  /** Counts of a pass or a step on the GPU; of a prompt and a generation with their reads. */
  readonly counts: Counts;
}

/** Measures a model on both engines. Results are compared before each work is timed; `onWork` is called before that. */
export async function measureModel(
  [gpu, wasm]: readonly [Engine, Engine],
  model: MeasuredModel,
  { seconds, ...options }: WorkOptions & { readonly seconds: number },
  onWork: (work: string) => Promise<unknown>,
): Promise<ModelTiming[]> {
  const { name, random } = model;
  await onWork("loading");
  const source = await model.open();
  const onWasm = await loadMeasured(wasm, model, source, options);
  try {
    const onGpu = await loadMeasured(gpu, model, source, options);
    try {
      const timings: ModelTiming[] = [];
      for (const [i, ours] of onGpu.work.entries()) {
        await onWork(ours.work);
        timings.push({ model: name, random, ...(await measureBeside(ours, onWasm.work[i]!, seconds)) });
      }
      return timings;
    } finally {
      onGpu.dispose();
    }
  } finally {
    onWasm.dispose();
  }
}

async function measureBeside(ours: ModelWork, theirs: ModelWork, seconds: number) {
  const { work, shape } = ours;
  const [expected, { numbers, counts }] = [await theirs.check(), await ours.check()];
  const difference = apart(expected.numbers, numbers);
  const [wasm, gpu] = [await timeWork(theirs, seconds), await timeWork(ours, seconds)];
  return { work, shape, gpu, wasm, ratio: wasm.fastest / gpu.fastest, difference, counts: counts! };
}

/** Largest difference between two lists of numbers, as a share of the first list's largest number; NaN where one has a NaN. */
export function apart(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let [difference, most] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const here = Math.abs(expected[i]! - actual[i]!);
    // A NaN stays.
    difference = here <= difference ? difference : here;
    most = Math.max(most, Math.abs(expected[i]!));
  }
  return difference / (most || 1);
}

import type { Engine } from "../../../index.js";
import type { ModelSource } from "../../../io/model-source.js";
import { stopwatch } from "../../../waiting/stopwatch.js";
import { encoderWork } from "./encoder-work.js";
import { languageWork } from "./language-work.js";
import type { ModelShape } from "./model-shapes.js";
import type { LoadedModel, ModelWork, WorkOptions } from "./model-work.js";
import { randomModel } from "./random-model.js";

/** A model to measure. */
export interface MeasuredModel {
  readonly name: string;
  readonly task: "encoder" | "language";
  /** Its files, opened when its turn comes. */
  readonly open: () => Promise<ModelSource>;
  /** Whether its weights are random, in the shape of the model of that name. */
  readonly random: boolean;
  /** Whether it is measured on a software adapter too, which takes minutes for a model of a usual size. */
  readonly always: boolean;
}

/** A model of random weights. */
export const withRandomWeights = (shape: ModelShape, always = false): MeasuredModel => ({
  name: shape.name,
  task: shape.task,
  open: () => randomModel(shape),
  random: true,
  always,
});

/** Loads a model: an encoder in float32, a language model in the file's format. Random weights of one are quantised as its usual file's are. */
export async function loadMeasured(
  engine: Engine,
  { task, random }: MeasuredModel,
  source: ModelSource,
  options: WorkOptions,
): Promise<LoadedModel> {
  if (task === "encoder") return encoderWork(engine, source, options);
  return languageWork(engine, source, random ? "q4" : "auto", options);
}

/** Milliseconds of a sample, and tokens a second at the fastest. */
export interface ModelTimes {
  readonly fastest: number;
  readonly median: number;
  readonly tokensPerSecond: number;
}

/** Times a model's work for about so many seconds, and twice at least. */
export async function timeWork({ sample, tokens }: ModelWork, seconds: number): Promise<ModelTimes> {
  const samples: number[] = [];
  for (const elapsed = stopwatch(), calls = { done: 0 }; calls.done < 2 || elapsed() < 1000 * seconds; calls.done++)
    samples.push(...(await sample()));
  samples.sort((a, b) => a - b);
  const fastest = samples[0]!;
  return { fastest, median: samples[samples.length >> 1]!, tokensPerSecond: (1000 * tokens) / fastest };
}

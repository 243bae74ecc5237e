import type { JobSpec } from "lowrank/jobs";
import { signal } from "@preact/signals";

/** How long training may take, in the person's words. */
export const efforts = ["quick", "normal", "thorough"] as const;
export type Effort = (typeof efforts)[number];

/** What the person may set; null is what the recipe decides. */
export interface Settings {
  readonly effort: Effort;
  readonly rank: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly maxTokens: number;
  readonly seed: number;
}

export const defaults: Settings = {
  ...{ effort: "normal", rank: 8, learningRate: 1e-3, batchSize: 16, maxTokens: 128, seed: 0 },
};
export const settings = signal<Settings>(defaults);

/** What the recipe does with so many examples: docs/recipes.md. */
const [PASSES, LEAST, MOST] = [5, 150, 400];
const QUICK = 60;

/** Optimizer steps that a run on so many examples takes at most; a fifth is tested on, a fifth of the rest chooses the step. */
export function stepsFor({ effort, batchSize }: Settings, examples: number): number {
  if (effort === "quick") return QUICK;
  const learnt = 0.64 * examples;
  const normal = Math.min(Math.max(Math.round((PASSES * learnt) / batchSize), LEAST), MOST);
  return effort === "normal" ? normal : 2 * normal;
}

/** The run's spec. Classes that are rare count as much as frequent ones where they differ much. */
export function specOf(
  settings: Settings,
  data: string,
  model: string,
  examples: number,
  unbalanced: boolean,
): JobSpec {
  const { effort, rank, learningRate, batchSize, maxTokens, seed } = settings;
  return {
    ...{ model, data, rank, alpha: 2 * rank, learningRate, batchSize, maxTokens, seed },
    ...(effort !== "normal" && { steps: stepsFor(settings, examples) }),
    ...(unbalanced && { classWeights: "balanced" as const }),
  };
}

/** Tokens a second where no run has been timed yet: a slow laptop on one thread. */
const SLOW = 500;
const CHARACTERS_A_TOKEN = 4.2;

/** Seconds and bytes that a run is likely to take. */
export function foretell(settings: Settings, texts: readonly string[], measured: number | null) {
  const sample = texts.length > 500 ? texts.filter((_, i) => i % Math.ceil(texts.length / 500) === 0) : texts;
  const lengths = sample.map(({ length }) => Math.min(length / CHARACTERS_A_TOKEN + 2, settings.maxTokens));
  const tokens = lengths.reduce((sum, length) => sum + length, 0) / Math.max(lengths.length, 1);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const steps = stepsFor(settings, texts.length);
  const speed = measured ?? SLOW;
  // Encoding goes about three times as fast as training; ten measurements of the validation belong to it.
  const encoded = texts.length * tokens + 10 * Math.min(400, 0.16 * texts.length) * tokens;
  const seconds = (steps * settings.batchSize * tokens) / speed + encoded / (3 * speed);
  const MODEL = 170e6;
  const memory = MODEL + settings.batchSize * ((tokens + longest) / 2) * 160e3;
  return { steps, seconds, memory };
}

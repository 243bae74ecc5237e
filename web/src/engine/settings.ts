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
/** A quick look learns from so many rows at most, in so many steps, and measures the validation so often. */
const QUICK = { rows: 400, steps: 30, evaluateEvery: 10 };

const RARE = 10;

/** The rows that a run takes: all, or for a quick look some from everywhere in the table, each label with its share. */
export function rowsFor<R extends { readonly label: string }>({ effort }: Settings, rows: readonly R[]): readonly R[] {
  if (effort !== "quick" || rows.length <= QUICK.rows) return rows;
  const byLabel = new Map<string, R[]>();
  for (const row of rows) {
    const group = byLabel.get(row.label);
    if (group) group.push(row);
    else byLabel.set(row.label, [row]);
  }
  const share = QUICK.rows / rows.length;
  const taken = [...byLabel.values()].flatMap((group) => {
    // One that is rare keeps what it has.
    const count = Math.min(group.length, Math.max(Math.round(group.length * share), RARE));
    return group.filter(
      (_, i) => Math.floor(((i + 1) * count) / group.length) > Math.floor((i * count) / group.length),
    );
  });
  const chosen = new Set(taken);
  return rows.filter((row) => chosen.has(row));
}

/** Optimizer steps that a run on so many examples takes at most; a fifth is tested on, a fifth of the rest chooses the step. */
export function stepsFor({ effort, batchSize }: Settings, examples: number): number {
  if (effort === "quick") return QUICK.steps;
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
    ...(effort === "quick" && { evaluateEvery: QUICK.evaluateEvery }),
    ...(unbalanced && { classWeights: "balanced" as const }),
  };
}

/** Tokens a second where no run has been timed yet: a slow laptop on one thread. */
const SLOW = 500;
const CHARACTERS_A_TOKEN = 4.2;

/** Seconds and bytes that a run is likely to take. */
export function foretell(settings: Settings, texts: readonly string[], speed: number | null) {
  const sample = texts.length > 500 ? texts.filter((_, i) => i % Math.ceil(texts.length / 500) === 0) : texts;
  const lengths = sample.map(({ length }) => Math.min(length / CHARACTERS_A_TOKEN + 2, settings.maxTokens));
  const tokens = lengths.reduce((sum, length) => sum + length, 0) / Math.max(lengths.length, 1);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const steps = stepsFor(settings, texts.length);
  const rate = speed ?? SLOW;
  // Encoding goes about three times as fast as training; measurements of the validation belong to it, ten where nothing else is said.
  const measured = settings.effort === "quick" ? QUICK.steps / QUICK.evaluateEvery : 10;
  const encoded = texts.length * tokens + measured * Math.min(400, 0.16 * texts.length) * tokens;
  const seconds = (steps * settings.batchSize * tokens) / rate + encoded / (3 * rate);
  const MODEL = 170e6;
  const memory = MODEL + settings.batchSize * ((tokens + longest) / 2) * 160e3;
  return { steps, seconds, memory };
}

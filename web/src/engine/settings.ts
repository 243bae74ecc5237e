import type { JobSpec } from "lowrank/jobs";
import { type EncoderId, encoders } from "./encoders.js";
import { labelsOf, oneLabel, type Target } from "../data/target.js";
import { graphics } from "../state/graphics.js";
import type { Settings } from "../state/settings.js";

/** The recipe's defaults by the number of examples; see docs/recipes.md. */
const [PASSES, LEAST, MOST] = [5, 150, 400];
/** Limits of a quick look: most rows, number of steps, and steps between validations. */
const QUICK = { rows: 400, steps: 30, evaluateEvery: 10 };

const RARE = 10;

/** The rows that a run uses: all, or for a quick look an evenly spaced sample of each label (of several, the first). */
export function rowsFor<R extends { readonly label: string }>(
  { effort }: Settings,
  rows: readonly R[],
  target: Target = oneLabel,
): readonly R[] {
  if (effort !== "quick" || rows.length <= QUICK.rows) return rows;
  const byLabel = new Map<string, R[]>();
  for (const row of rows) {
    const [label = ""] = labelsOf(row.label, target);
    const group = byLabel.get(label);
    if (group) group.push(row);
    else byLabel.set(label, [row]);
  }
  const share = QUICK.rows / rows.length;
  const taken = [...byLabel.values()].flatMap((group) => {
    // A rare label keeps all its rows.
    const count = Math.min(group.length, Math.max(Math.round(group.length * share), RARE));
    return group.filter(
      (_, i) => Math.floor(((i + 1) * count) / group.length) > Math.floor((i * count) / group.length),
    );
  });
  const chosen = new Set(taken);
  return rows.filter((row) => chosen.has(row));
}

/** Whether a run on this number of rows is a quick look at a sample of them. */
export const isSample = ({ evaluateEvery }: Pick<JobSpec, "evaluateEvery">, rows: number): boolean =>
  evaluateEvery === QUICK.evaluateEvery && rows > QUICK.rows;

/** Most optimizer steps of a run. A fifth of the examples is the test set, a fifth of the rest is the validation set. @internal exported for its tests */
export function stepsFor({ effort, batchSize }: Settings, examples: number): number {
  if (effort === "quick") return QUICK.steps;
  const trained = 0.64 * examples;
  const normal = Math.min(Math.max(Math.round((PASSES * trained) / batchSize), LEAST), MOST);
  return effort === "normal" ? normal : 2 * normal;
}

/** The run's spec. If class sizes differ much, rare and frequent classes get equal weight. */
export function specOf(
  settings: Settings,
  data: string,
  model: string,
  examples: number,
  unbalanced: boolean,
): JobSpec {
  const { effort, rank, learningRate, batchSize, maxTokens, seed } = settings;
  return {
    model,
    data,
    rank,
    alpha: 2 * rank,
    learningRate,
    batchSize,
    maxTokens,
    seed,
    ...(effort !== "normal" && { steps: stepsFor(settings, examples) }),
    ...(effort === "quick" && { evaluateEvery: QUICK.evaluateEvery }),
    ...(settings.device === "webgpu" && graphics.value !== null && { device: "webgpu" as const }),
    ...(unbalanced && { classWeights: "balanced" as const }),
  };
}

/** Tokens per second before any run has been timed: a slow laptop with one thread. */
const SLOW = 500;
const CHARACTERS_A_TOKEN = 4.2;

/** Estimates a run's seconds and bytes of memory. */
export function estimateRun(
  settings: Settings,
  texts: readonly string[],
  speed: number | null,
  encoder: (typeof encoders)[EncoderId] = encoders.english,
) {
  const sample = texts.length > 500 ? texts.filter((_, i) => i % Math.ceil(texts.length / 500) === 0) : texts;
  const lengths = sample.map(({ length }) => Math.min(length / CHARACTERS_A_TOKEN + 2, settings.maxTokens));
  const tokens = lengths.reduce((sum, length) => sum + length, 0) / Math.max(lengths.length, 1);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const steps = stepsFor(settings, texts.length);
  const rate = speed ?? SLOW / encoder.effort;
  // Encoding is about three times as fast as training. It includes the validations, ten by default.
  const measured = settings.effort === "quick" ? QUICK.steps / QUICK.evaluateEvery : 10;
  const encoded = texts.length * tokens + measured * Math.min(400, 0.16 * texts.length) * tokens;
  const seconds = (steps * settings.batchSize * tokens) / rate + encoded / (3 * rate);
  const memory = encoder.memory + settings.batchSize * ((tokens + longest) / 2) * encoder.perToken;
  return { steps, seconds, memory };
}

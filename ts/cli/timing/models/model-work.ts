import { CausalLanguageModel, type Engine, type FitReport } from "../../../index.js";
import type { ModelSource } from "../../../io/model-source.js";
import type { WeightsOption } from "../../../models/stored-weights.js";
import { stopwatch } from "../../../waiting/next-task.js";

/** What crosses to a GPU and back: the numbers that decide speed on every GPU. */
export interface Counts {
  readonly dispatches: number;
  readonly submissions: number;
  readonly bytesUploaded: number;
  readonly bytesRead: number;
}

/** Counts of an engine since it was started; undefined on WebAssembly. */
const countsOf = (engine: Engine) => (engine as { readonly counts?: Counts }).counts;

/** Starts to count; the returned function returns the counts since its last call. */
export function counter(engine: Engine): () => Counts | undefined {
  let before = countsOf(engine);
  return () => {
    const now = countsOf(engine);
    const found =
      now && before
        ? {
            dispatches: now.dispatches - before.dispatches,
            submissions: now.submissions - before.submissions,
            bytesUploaded: now.bytesUploaded - before.bytesUploaded,
            bytesRead: now.bytesRead - before.bytesRead,
          }
        : undefined;
    before = now;
    return found;
  };
}

/** Two training steps: their losses and norms, and the counts of the second, which has nothing to prepare. */
export async function checkedSteps(
  engine: Engine,
  fit: (options: { readonly steps: number; readonly onProgress: () => void }) => Promise<FitReport>,
) {
  const count = counter(engine);
  let counts: Counts | undefined;
  const { steps } = await fit({ steps: 2, onProgress: () => void (counts = count()) });
  return { numbers: steps.flatMap(({ loss, gradNorm }) => [loss, gradNorm]), counts };
}

/** What is measured of a model of a task. */
export const modelWorks = {
  encoder: ["encode", "LoRA step"],
  language: ["prompt", "generation", "LoRA step"],
} as const;

/** How much a model is measured on. */
export interface WorkOptions {
  /** Tokens of a prompt and of a batch, 8 at least; a model with fewer positions gets shorter prompts. */
  readonly tokens: number;
  readonly signal: AbortSignal | undefined;
}

/** A batch of about so many tokens in texts of at most `longest`: two at least. */
export function batchOf(most: number, longest: number): { readonly texts: number; readonly tokens: number } {
  const tokens = Math.min(longest, Math.floor(most / 2));
  return { texts: Math.floor(most / tokens), tokens };
}

/** What is known of a work before it is timed. */
interface CheckedWork {
  /** Results: those of the same model on two engines agree. */
  readonly numbers: readonly number[];
  /** Counts of a sample on a GPU; undefined on WebAssembly. */
  readonly counts: Counts | undefined;
}

/** Something that a model on an engine does, to measure. */
export interface ModelWork {
  readonly work: (typeof modelWorks)[keyof typeof modelWorks][number];
  /** Texts and tokens: "4×64". */
  readonly shape: string;
  /** Tokens of one sample's time. */
  readonly tokens: number;
  /** Does it at least once, as far as it is compared. */
  check(): Promise<CheckedWork>;
  /** Does it once or more: the milliseconds of each. */
  sample(): Promise<readonly number[]>;
}

/** A loaded model with its work, and what frees it. */
export interface LoadedModel {
  readonly work: readonly ModelWork[];
  dispose(): void;
}

/** Most tokens that are generated, and of a text in a training step. */
const [GENERATED, TEXT] = [32, 64];
/** Tokens whose logits and probabilities are compared. */
const [COMPARED, DECODED] = [16, 4];

/** A language model's prompt, generation and LoRA step, by the calls that programs make. */
export async function languageWork(
  engine: Engine,
  source: ModelSource,
  weights: WeightsOption,
  { tokens, signal }: WorkOptions,
): Promise<LoadedModel> {
  const model = await CausalLanguageModel.load(source, { engine, weights, signal });
  model.addAdapter("measured", { rank: 8, targetModules: "all-linear" });
  return {
    work: [promptOf(model, tokens, signal), generationOf(model, tokens, signal), stepOf(model, tokens, signal)],
    dispose: () => model.dispose(),
  };
}

/** Returns this many ids, spread over the vocabulary. */
function idsOf({ model }: CausalLanguageModel, count: number, first = 0): Int32Array {
  const { vocabularySize } = model.config;
  return Int32Array.from({ length: count }, (_, i) => (first + (i + 1) * 977) % vocabularySize);
}

/** Most tokens of a work: a prompt and what is generated after it are no longer than the model's positions. */
const fitting = ({ maxTokens }: CausalLanguageModel, tokens: number) => Math.min(tokens, Math.floor(maxTokens / 3));

/** Reads a prompt without the adapter, until the first token's logits are known. */
function promptOf(model: CausalLanguageModel, most: number, signal: AbortSignal | undefined): ModelWork {
  const ids = idsOf(model, fitting(model, most));
  return {
    work: "prompt",
    shape: `${ids.length}`,
    tokens: ids.length,
    async check() {
      const { data } = await model.logits(ids.subarray(0, COMPARED), { adapter: null, signal });
      const count = counter(model.graph.engine);
      await counted(model, ids, 1, signal);
      return { numbers: [...data], counts: count() };
    },
    async sample() {
      const elapsed = stopwatch();
      await counted(model, ids, 1, signal);
      return [elapsed()];
    },
  };
}

/** Milliseconds of a token after the first one. */
function generationOf(model: CausalLanguageModel, most: number, signal: AbortSignal | undefined): ModelWork {
  const count = fitting(model, Math.min(most, GENERATED));
  const ids = idsOf(model, count, 5);
  return {
    work: "generation",
    shape: `${count}`,
    tokens: 1,
    async check() {
      // Of tokens that are given, not of those that were likeliest before: two of nearly the same probability would part the texts.
      using session = model.session();
      const numbers: number[] = [];
      const sinceLast = counter(model.graph.engine);
      let counts: Counts | undefined;
      for (let length = count - DECODED; length < count; length++) {
        const options = { maxTokens: 1, ignoreEnd: true, rounded: false, adapter: null, signal };
        for await (const token of session.generateTokens(ids.subarray(0, length), options))
          numbers.push(token.logProbability);
        counts = sinceLast();
      }
      return { numbers, counts };
    },
    async sample() {
      return [(await counted(model, ids, count + 1, signal)) / count];
    },
  };
}

/** Generates so many tokens; the milliseconds after the first. */
async function counted(
  model: CausalLanguageModel,
  ids: Int32Array,
  maxTokens: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let elapsed = () => 0;
  let isFirst = true;
  const options = { maxTokens, ignoreEnd: true, logProbabilities: false, adapter: null, signal };
  for await (const _ of model.generateTokens(ids, options)) {
    if (isFirst) elapsed = stopwatch();
    isFirst = false;
  }
  return elapsed();
}

function stepOf(model: CausalLanguageModel, most: number, signal: AbortSignal | undefined): ModelWork {
  const { texts, tokens } = batchOf(most, fitting(model, TEXT));
  const examples = Array.from({ length: texts }, (_, i) => ({
    ids: idsOf(model, tokens, 31 * i),
    mask: new Uint8Array(tokens).fill(1),
  }));
  const shared = { adapter: "measured", batchSize: texts, ...(signal && { signal }) };
  return {
    work: "LoRA step",
    shape: `${texts}×${tokens}`,
    tokens: texts * tokens,
    check: () => checkedSteps(model.graph.engine, (options) => model.fit(examples, { ...shared, ...options })),
    sample: async () =>
      (await model.fit(examples, { ...shared, steps: 1 })).steps.map(({ milliseconds }) => milliseconds),
  };
}

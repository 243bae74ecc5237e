import type { AdapterChoice, AdapterSet } from "../../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import { optional, readOptions } from "../../../arguments/options.js";
import { callable, whole } from "../../../arguments/settings.js";
import { ConfigError, UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { fit } from "../../../train/fit.js";
import type { FitReport } from "../../../train/fit-options.js";
import { readSignal } from "../../../waiting/abort.js";
import { stepOfAdapter } from "../../adapter-step.js";
import { readAdapter } from "../generate-options.js";
import type { LanguageModelParts } from "../load-language-model.js";
import type { ExampleFields, LanguageExample } from "./example-formats.js";
import { evaluateOn, type LanguageFitOptions, languageTask, settingsOf, takeLanguageFit } from "./language-training.js";
import { type LanguageMetrics, type MeasureEvents, metricsOf, targetLosses } from "./measure.js";
import { type ExampleOptions, takeLanguageExamples, type TrainingTokens } from "./training-examples.js";

/** What is trained. */
export type TrainingParts = Pick<LanguageModelParts, "graph" | "model" | "tokenizer" | "ends"> & {
  readonly adapterSet: AdapterSet;
};

/** Options of `evaluate`. */
export interface LanguageEvaluateOptions extends ExampleOptions {
  /** Name of the adapter to apply, null for the base alone; default: the active one. */
  readonly adapter?: AdapterChoice;
  /** Cancels between two batches: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of examples done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** What `CausalLanguageModel.fit` does. */
export async function fitLanguage(
  parts: TrainingParts,
  examples: readonly LanguageExample[],
  options: LanguageFitOptions,
): Promise<FitReport> {
  const { reading, validation, evaluate, own, rest } = takeLanguageFit(options);
  const adapter = adapterOf("fit", parts, own.adapter);
  const taken = takeLanguageExamples("fit", parts, examples, reading);
  const heldOut = validation === undefined ? null : takeLanguageExamples("fit: validation", parts, validation, reading);
  if (heldOut?.length === 0)
    throw new ConfigError("fit: validation: expected examples, got an empty list", {
      op: "fit",
      option: "validation",
      length: 0,
    });
  const sizes = taken.map(({ ids }) => ids.length);
  const measure =
    heldOut === null
      ? null
      : async () => (await measureTokens(parts, adapter, heldOut, { signal: rest.signal })).perplexity;
  // `fit` itself refuses an empty list.
  const watched = taken.length === 0 ? undefined : evaluateOn("fit", evaluate, taken.length, rest, measure, "lower");
  const training = watched === undefined ? rest : { ...rest, evaluate: watched };
  const count = Math.max(1, sizes.length);
  const settings = settingsOf(
    parts,
    own,
    rest,
    sizes.length === 0 ? new Array<number>(count).fill(1) : sizes,
    stepOfAdapter(parts.model, adapter.config),
  );
  return fit(languageTask(parts, adapter, settings), taken, training);
}

/** What `CausalLanguageModel.evaluate` does. */
export async function evaluateLanguage(
  parts: TrainingParts,
  examples: readonly LanguageExample[],
  options: LanguageEvaluateOptions,
): Promise<LanguageMetrics> {
  const { adapter, signal, onProgress, fields, maxTokens } = readOptions("evaluate", options, {
    adapter: readAdapter,
    signal: readSignal,
    onProgress: optional((what, name, value: MeasureEvents["onProgress"]) => callable(what, name, value)),
    fields: (_what, _name, value) => value as ExampleFields | undefined,
    maxTokens: optional((what, name, value: unknown) => whole(what, name, value, 2)),
  });
  const reading = { ...(fields !== undefined && { fields }), ...(maxTokens !== undefined && { maxTokens }) };
  const taken = takeLanguageExamples("evaluate", parts, examples, reading);
  if (taken.length === 0)
    throw new ConfigError("evaluate: expected examples, got an empty list", { op: "evaluate", length: 0 });
  return measureTokens(parts, adapter, taken, { signal, onProgress });
}

/** Measures examples with an adapter's current values. */
export async function measureTokens(
  parts: TrainingParts,
  adapter: AdapterChoice,
  examples: readonly TrainingTokens[],
  events: MeasureEvents,
): Promise<LanguageMetrics> {
  return parts.adapterSet.during(adapter, async (adapters) =>
    metricsOf(await targetLosses(parts, adapters, examples, events), examples),
  );
}

/**
 * The adapter to train. Throws `ConfigError` if there is none, or it is merged; `UnsupportedError` if embedding table and output layer
 * would have to be trained as one.
 */
export function adapterOf(
  what: string,
  { adapterSet, model: { output } }: Pick<TrainingParts, "adapterSet" | "model">,
  name: string | undefined,
): ModelAdapter {
  const adapter = name === undefined ? adapterSet.current : adapterSet.get(name);
  if (adapter === null)
    throw new ConfigError(`${what}: there is no active adapter to train: addAdapter makes one`, {
      op: what,
      option: "adapter",
    });
  adapterSet.checkTrainable(adapter);
  if (adapter.config.other.get("ensure_weight_tying") === true)
    for (const { path } of output.table === null ? [] : [output, output.table])
      if (adapter.layers.has(path) || adapter.whole.has(`${path}.weight`))
        throw new UnsupportedError(
          `${what}: adapter ${excerpt(adapter.name)} has ensure_weight_tying, by which PEFT trains the table of words and the output layer as one: ` +
            "that is not supported; trainableTokenIndices trains rows of both",
          { op: what, field: "ensure_weight_tying", module: path },
        );
  return adapter;
}

import type { AdapterSet } from "../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import type { FitOptions } from "../../train/fit-options.js";
import { FIT_OPTIONS } from "../../train/fit-settings.js";
import type { BatchLoss, Task } from "../../train/task.js";
import { raggedBatch } from "../ragged-batch.js";
import { stepOfAdapter } from "../adapter-step.js";
import { completionLoss } from "./completion-loss.js";
import type { LanguageModelParts } from "./load-language-model.js";
import type { TrainingTokens } from "./training-examples.js";

/** How a language model is trained. */
export interface LanguageFitOptions extends FitOptions {
  /** Name of the adapter that is trained; default the active one. */
  readonly adapter?: string;
  /** Compute each layer again for its gradient: the same bits in less memory and more time. Default false. */
  readonly checkpointing?: boolean;
}

type Parts = Pick<LanguageModelParts, "graph" | "model"> & { readonly adapterSet: AdapterSet };

/** `fit`'s options, and what is only said here. Throws `ConfigError` for what makes no sense. */
export function takeLanguageFit(options: LanguageFitOptions) {
  checkOptions("fit", options, [...FIT_OPTIONS, "adapter", "checkpointing"]);
  const { adapter, checkpointing = false, ...rest } = { ...options };
  flag("fit", "checkpointing", checkpointing);
  return { adapter, checkpointing, rest };
}

/** Learning the targets of examples by an adapter. */
export function languageTask(
  { graph, model, adapterSet }: Parts,
  adapter: ModelAdapter,
  checkpointing: boolean,
): Task<TrainingTokens> {
  return {
    graph,
    params: () => adapter.params(),
    loss(examples) {
      adapterSet.checkTrainable(adapter);
      return lossOf({ graph, model, adapterSet }, adapter, examples, checkpointing);
    },
    memory: (examples) => {
      const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
      return model.stepMemory({ tokens, adapted: stepOfAdapter(model, adapter.config), checkpointing });
    },
  };
}

/** The sum of the targets' cross entropies, recorded. */
export function lossOf(
  { graph, model, adapterSet }: Parts,
  adapter: ModelAdapter | null,
  examples: readonly TrainingTokens[],
  checkpointing: boolean,
): BatchLoss {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const selection = adapterSet.selection(adapter, batch.offsets);
  const hidden = model.forward(batch, selection, { checkpointing });
  // The token before a target gives it.
  const rows = Int32Array.from(examples.flatMap(({ targets }, i) => targets.map((t) => batch.offsets[i]! + t - 1)));
  const ids = Int32Array.from(examples.flatMap((example) => example.targets.map((t) => example.ids[t]!)));
  const sum = completionLoss(graph, model, hidden, { rows, ids }, selection);
  return { sum, targets: rows.length, tokens: batch.ids.length };
}

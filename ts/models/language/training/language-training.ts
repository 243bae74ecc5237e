import type { AppliedAdapter } from "../../../adapters/adapter-parts.js";
import type { AdapterSet } from "../../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import { loraPlusInOrder } from "../../../train/lora-plus-in-order.js";
import type { BatchLoss, Task } from "../../../train/task.js";
import { stepOfAdapter } from "../../adapter-step.js";
import { raggedBatch } from "../../ragged-batch.js";
import type { LanguageModelParts } from "../load-language-model.js";
import { completionLoss, targetsOf } from "./completion-loss.js";
import type { LanguageFitSettings } from "./fit-settings.js";
import { lastLayers, type Trained } from "./last-layers.js";
import type { TrainingTokens } from "./training-tokens.js";

type Parts = Pick<LanguageModelParts, "graph" | "model"> & { readonly adapterSet: AdapterSet };

/** How a batch is recorded. */
export interface Recording {
  readonly checkpointing: boolean;
  readonly frozenLayers?: number;
}

/** Training of an adapter on examples' targets. */
export function languageTask(
  parts: Parts,
  adapter: ModelAdapter,
  settings: Pick<LanguageFitSettings, "checkpointing" | "layers" | "loraPlus">,
): Task<TrainingTokens> {
  const { graph, model, adapterSet } = parts;
  const trained = lastLayers(adapter, model, settings.layers);
  const { frozenLayers } = trained;
  const { checkpointing } = settings;
  return {
    graph,
    ...parametersOf(trained, settings.loraPlus),
    loss(examples) {
      adapterSet.checkTrainable(adapter);
      return lossOf(parts, trained.applied(), examples, { checkpointing, frozenLayers });
    },
    memory: (examples) => {
      const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
      return model.stepMemory({ tokens, adapted: stepOfAdapter(model, adapter.config), checkpointing, frozenLayers });
    },
  };
}

/** The trained parameters, in groups if B has its own learning rate. */
export const parametersOf = (
  trained: Trained,
  loraPlus: LanguageFitSettings["loraPlus"],
): Pick<Task<never>, "params" | "groups"> => ({
  params: () => trained.params(),
  ...(loraPlus !== null && { groups: () => loraPlusInOrder(trained, loraPlus.ratio, loraPlus) }),
});

/** The sum of the targets' cross entropies, recorded. @internal exported for its tests */
export function lossOf(
  { graph, model }: Pick<Parts, "graph" | "model">,
  adapter: AppliedAdapter | null,
  examples: readonly TrainingTokens[],
  recording: Recording,
): BatchLoss {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const selection = adapter === null ? [] : [{ adapter }];
  const hidden = model.forward(batch, selection, recording);
  const targets = targetsOf(examples, batch.offsets);
  const sum = completionLoss(graph, model, hidden, targets, selection);
  return { sum, targets: targets.rows.length, tokens: batch.ids.length };
}

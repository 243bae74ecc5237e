import type { AppliedAdapter } from "../../../adapters/adapter-parts.js";
import type { AdapterSet } from "../../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import { whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import { loraPlusInOrder } from "../../../train/lora-plus-in-order.js";
import type { BatchLoss, Task } from "../../../train/task.js";
import { stepOfAdapter } from "../../adapter-step.js";
import type { Decoder } from "../../decoder/decoder.js";
import { raggedBatch } from "../../ragged-batch.js";
import type { LanguageModelParts } from "../load-language-model.js";
import { completionLoss, targetsOf } from "./completion-loss.js";
import type { LanguageFitSettings } from "./fit-settings.js";
import type { TrainingTokens } from "./training-examples.js";

/** The part of an adapter that is trained, while the rest is constant. */
interface TrainedPart {
  readonly graph: Graph;
  /** Trained layers, by module path. */
  readonly layers: AppliedAdapter["layers"];
  /** Trained tensors that replace the base's, by the base's names. */
  readonly whole: AppliedAdapter["whole"];
  /** The trained parameters, in the adapter's order. */
  params(): NodeId[];
  /** The whole adapter in a step of the graph; the rest of it is constant. */
  applied(): AppliedAdapter;
}

/**
 * The part of an adapter that changes certain modules. Rows of tables are never in it.
 * @param isTrained whether a module is one of them, by its path
 */
function trainedPart(adapter: ModelAdapter, isTrained: (path: string) => boolean): TrainedPart {
  const { place } = adapter.snapshot();
  const only = <T>(own: ReadonlyMap<string, T>) => new Map([...own].filter(([path]) => isTrained(path)));
  const others = new Set(
    [...adapter.layers].flatMap(([path, { loraA, loraB, magnitude, bias }]) =>
      isTrained(path) ? [] : [loraA, loraB, magnitude, bias],
    ),
  );
  for (const [name, { node }] of adapter.whole) if (!isTrained(name)) others.add(node);
  for (const { rows } of adapter.tokens.values()) others.add(rows);
  return {
    graph: adapter.graph,
    layers: only(adapter.layers),
    whole: only(adapter.whole),
    params: () => adapter.params().filter((id) => !others.has(id)),
    applied() {
      const { config, layers, whole, tokens } = place();
      return {
        config,
        tokens,
        layers: new Map([...layers, ...only(adapter.layers)]),
        whole: new Map([...whole, ...only(adapter.whole)]),
      };
    },
  };
}

/** The part of a language model's adapter that is trained. */
interface Trained extends TrainedPart {
  /** Number of layers below the first trained one: no gradient goes through them. */
  readonly frozenLayers: number;
}

/**
 * The whole adapter, or what it changes in the model's last `count` layers and the output layer. Throws `ConfigError` if that is nothing.
 */
export function lastLayers(
  adapter: ModelAdapter,
  { config: { layers }, output }: Pick<Decoder, "config" | "output">,
  count: number | undefined,
): Trained {
  if (count === undefined) {
    const { graph, layers: own, whole: tensors } = adapter;
    return {
      graph,
      layers: own,
      whole: tensors,
      params: () => adapter.params(),
      applied: () => adapter,
      frozenLayers: 0,
    };
  }
  const frozenLayers = layers - whole("fit", "layers", count, 1, layers);
  // The first number in a path is the layer's index.
  const layerOf = (path: string) => Number(/(?:^|\.)(\d+)\./.exec(path)?.[1] ?? -1);
  const isOutput = (path: string) => path === output.path || path.startsWith(`${output.path}.`);
  const part = trainedPart(adapter, (path) => isOutput(path) || layerOf(path) >= frozenLayers);
  if (part.params().length > 0) return { ...part, frozenLayers };
  throw new ConfigError(`fit: adapter ${excerpt(adapter.name)} changes none of the last ${count} layers`, {
    op: "fit",
    option: "layers",
    value: count,
    name: adapter.name,
  });
}

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

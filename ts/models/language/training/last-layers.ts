import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import { type TrainedPart, trainedPart } from "../../../adapters/trained-part.js";
import { whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Decoder } from "../../decoder/decoder.js";

/** The part of a language model's adapter that is trained. */
export interface Trained extends TrainedPart {
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

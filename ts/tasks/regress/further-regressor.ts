import type { FileMap } from "../../io/file-map.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { type ClassifierParts, loadedParts } from "../classifier-parts.js";
import { type NumberScale, TextRegressor } from "../text-regressor.js";

type FromParts = new (parts: ClassifierParts, scale: NumberScale) => TextRegressor;

/**
 * The regressor of some files, with outputs in another scale, to train it further. A head of zeros, which no data have trained, predicts the
 * mean of that scale. Limits are those of the files.
 */
export function furtherRegressor(encoder: SentenceEncoder, files: FileMap, { mean, deviation }: NumberScale) {
  const parts = loadedParts(encoder, files, {}, "TextRegressor.load", "regress");
  const { head, limits } = parts;
  const { graph } = encoder;
  const [weight, bias] = [graph.value(head.weight), graph.value(head.bias)];
  if ([...weight.data, ...bias.data].some((x) => x !== 0)) {
    graph.setValue(head.weight, { ...weight, data: weight.data.map((x) => x / deviation) });
    graph.setValue(head.bias, { ...bias, data: bias.data.map((x) => (x - mean) / deviation) });
  }
  return new (TextRegressor as unknown as FromParts)(parts, { mean, deviation, ...limits! });
}

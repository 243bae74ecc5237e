import { isRecord } from "../../../arguments/collections.js";
import type { WrittenValue } from "../../../io/gguf/write.js";
import { type ConfigJson, numberOr } from "../../config-values.js";
import { type DecoderConfig, sizesOf } from "../../decoder/config.js";

/** Gemma 4's metadata, of which most models have one value for all layers. */
export function gemma4Values(json: ConfigJson, config: DecoderConfig): Readonly<Record<string, WrittenValue>> {
  const layers = Array.from({ length: config.layers }, (_, i) => ({ ...config.attention(i), ...sizesOf(config, i) }));
  const windows = layers.map(({ window }) => window !== null);
  // The last one has no window.
  const full = layers.at(-1)!.headDim;
  const near = layers[windows.indexOf(true)]?.headDim ?? config.headDim;
  return {
    feed_forward_length: perLayer(layers.map(({ intermediateSize }) => intermediateSize)),
    "attention.head_count_kv": perLayer(layers.map(({ kvHeads }) => kvHeads)),
    "attention.key_length": { uint32: full },
    "attention.value_length": { uint32: full },
    "attention.key_length_swa": { uint32: near },
    "attention.value_length_swa": { uint32: near },
    "attention.sliding_window_pattern": windows,
    "attention.shared_kv_layers": { uint32: layers.filter(({ keysOf }) => keysOf !== undefined).length },
    embedding_length_per_layer_input: { uint32: config.perLayer?.width ?? 0 },
    "rope.freq_base_swa": { float32: nearTheta(json) },
    "rope.dimension_count_swa": { uint32: near },
  };
}

/** One number for all layers, or a list. */
const perLayer = (values: readonly number[]): WrittenValue =>
  values.every((value) => value === values[0]) ? { uint32: values[0]! } : Int32Array.from(values);

/** Base of the rotation in layers with a window. */
function nearTheta({ rope_parameters: given }: ConfigJson): number {
  const near = isRecord(given) ? given["sliding_attention"] : undefined;
  return numberOr(isRecord(near) ? near : {}, "rope_theta", 10_000);
}

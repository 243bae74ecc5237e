import { ModelError } from "../../../errors/errors.js";
import { type ConfigJson, flag, whole } from "../../config-values.js";
import { type DecoderConfig, type DeltaShape, textConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import type { DecoderLayerNames, DecoderNames } from "../names.js";
import { attentionAlone, expertNames, expertsShape, withExperts } from "../experts.js";
import { llamaLike, llamaNames, queryKeyNorms, queryKeyValue, typesOf, windowsOf, withWindows } from "./llama-like.js";

/** Sizes of transformers' configuration that files leave out. */
const fallbacks = {
  vocab_size: 248_320,
  hidden_size: 4096,
  intermediate_size: 12_288,
  num_hidden_layers: 32,
  head_dim: 256,
  num_attention_heads: 16,
  num_key_value_heads: 4,
  max_position_embeddings: 32_768,
};

/** Default: one of this many layers has attention. */
const INTERVAL = 4;

/** Most features of a key's head, and most heads: models have 128 and 64, and a state grows by both where a file's tensors need not. */
const [MOST_FEATURES, MOST_HEADS] = [1024, 4096];

/**
 * Qwen3.5's language model: three of four layers are gated delta nets, the others have attention with gated outputs, of whose heads a quarter
 * turns. A file with the vision model too is read without it.
 */
export const qwen35: DecoderArchitecture = (given) => {
  const json: ConfigJson = { ...fallbacks, ...textConfig(given) };
  const config = llamaLike(json, { share: 0.25, inPart: true });
  const attends = attendingLayers(json, config.layers);
  const delta = deltaShape(json);
  const convolution = whole(json, "linear_conv_kernel_dim", 1, 4);
  const bias = flag(json, "attention_bias", false);
  return decoder(
    {
      ...config,
      norm: "rms-plus-one",
      gatedQueries: true,
      biases: { queryKeyValue: bias, attentionOutput: bias, inner: false },
      attention: (i) => (attends(i) ? config.attention(i) : { rotary: null, window: null, convolution, delta }),
    },
    namesOf(attends),
    [...queryKeyValue, "in_proj_qkv"],
  );
};

function deltaShape(json: ConfigJson): DeltaShape {
  const keyHeads = whole(json, "linear_num_key_heads", 1, 16, MOST_HEADS);
  const valueHeads = whole(json, "linear_num_value_heads", 1, 32, MOST_HEADS);
  if (valueHeads % keyHeads !== 0)
    throw new ModelError(
      `config.json: linear_num_key_heads ${keyHeads} does not divide linear_num_value_heads ${valueHeads}`,
      { key: "linear_num_key_heads", value: keyHeads },
    );
  const keyDim = whole(json, "linear_key_head_dim", 1, 128, MOST_FEATURES);
  const valueDim = whole(json, "linear_value_head_dim", 1, 128);
  return { keyHeads, valueHeads, keyDim, valueDim };
}

/** Which layers have attention: by `layer_types`, or every fourth. */
function attendingLayers(json: ConfigJson, layers: number): (i: number) => boolean {
  const types = typesOf(json, layers, ["full_attention", "linear_attention"]);
  if (types !== null) return (i) => types[i] === "full_attention";
  const interval = whole(json, "full_attention_interval", 1, INTERVAL);
  return (i) => (i + 1) % interval === 0;
}

function namesOf(attends: (i: number) => boolean): DecoderNames {
  const names = llamaNames(layerNames);
  const outputOf = (i: number) => ({ attentionOutput: { paths: [`model.layers.${i}.linear_attn.out_proj`] } });
  return { ...names, layer: (i) => ({ ...names.layer(i), ...(attends(i) ? {} : outputOf(i)) }) };
}

const layerNames = (path: string): Partial<DecoderLayerNames> => ({
  ...queryKeyNorms(path),
  convolutionInput: {
    paths: ["qkv", "z", "b", "a"].map((name) => `${path}.linear_attn.in_proj_${name}`),
  },
  convolutionKernel: `${path}.linear_attn.conv1d.weight`,
  decay: `${path}.linear_attn.A_log`,
  decayBias: `${path}.linear_attn.dt_bias`,
  deltaNorm: `${path}.linear_attn.norm`,
});

/** Llama's shape, optionally with a window from some layer on. */
function qwen(json: ConfigJson): DecoderConfig {
  const config = llamaLike(json);
  const isOn = flag(json, "use_sliding_window", false);
  const first = whole({ max_window_layers: json["max_window_layers"] ?? 28 }, "max_window_layers", 0);
  const windows = windowsOf(json, config.layers, (i) => i >= first);
  return { ...config, attention: withWindows(config, isOn ? windows : () => null) };
}

/** Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with biases of queries, keys and values. */
export const qwen2: DecoderArchitecture = (json) =>
  decoder(
    { ...qwen(json), biases: { queryKeyValue: true, attentionOutput: false, inner: false } },
    llamaNames(),
    queryKeyValue,
  );

/** Qwen3 (arXiv 2505.09388): Llama with norms over each head's queries and keys. */
export const qwen3: DecoderArchitecture = (given) => {
  const json = { head_dim: 128, ...given };
  const bias = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: bias, attentionOutput: bias, inner: false };
  return decoder({ ...qwen(json), biases }, llamaNames(queryKeyNorms), queryKeyValue);
};

/** Qwen3's mixtures of experts: all layers but those that the file names, and every so many. */
export const qwen3Moe: DecoderArchitecture = (json) => {
  const bias = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: bias, attentionOutput: bias, inner: false };
  const given = { num_key_value_heads: 4, sliding_window: 4096, ...json, layer_types: null, max_window_layers: 0 };
  const config = { ...qwen(given), biases, allLinear: attentionAlone };
  const keys = {
    count: ["num_experts", 128],
    chosen: ["num_experts_per_tok", 8],
    width: ["moe_intermediate_size", 768],
  } as const;
  const shape = { ...expertsShape(json, keys, config.layers), normed: flag(json, "norm_topk_prob", false) };
  const names = (path: string) => ({ ...queryKeyNorms(path), experts: expertNames(`${path}.mlp`) });
  return decoder(withExperts(config, shape, sparseLayers(json)), llamaNames(names), queryKeyValue);
};

/** Which layers have experts. */
function sparseLayers(json: ConfigJson): (i: number) => boolean {
  const step = whole(json, "decoder_sparse_step", 1, 1);
  const dense = json["mlp_only_layers"] ?? [];
  if (!Array.isArray(dense) || !dense.every((place) => Number.isSafeInteger(place)))
    throw new ModelError("config.json: mlp_only_layers is a list of the numbers of layers", { key: "mlp_only_layers" });
  const places = new Set(dense as number[]);
  return (i) => !places.has(i) && (i + 1) % step === 0;
}

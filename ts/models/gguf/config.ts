import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile } from "../../io/gguf/index.js";
import { exp, log } from "../../values/elementary.js";
import { shortest } from "./shortest.js";
import { ggufArchitecture } from "./names.js";

/** Reads numbers of a file's metadata, by their names behind the architecture's. */
class Values {
  readonly architecture: string;

  constructor(private readonly metadata: GgufFile["metadata"]) {
    this.architecture = metadata.get("general.architecture") as string;
  }

  number(name: string): number | undefined {
    const key = `${this.architecture}.${name}`;
    const value = this.metadata.get(key);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isFinite(value)) return shortest(value);
    throw new ModelError(`${key} must be a number, got ${excerpt(value)}`, { key, value });
  }

  /** One for all layers: files may have a list. */
  alike(name: string): number | undefined {
    const key = `${this.architecture}.${name}`;
    const value = this.metadata.get(key);
    if (!(value instanceof Int32Array || value instanceof Uint32Array)) return this.number(name);
    if (value.length > 0 && value.every((one) => one === value[0])) return value[0];
    throw new UnsupportedError(`${key}: layers that are not alike are not supported, got ${excerpt(value)}`, { key });
  }

  required(name: string): number {
    const value = this.alike(name);
    if (value !== undefined) return value;
    const key = `${this.architecture}.${name}`;
    throw new ModelError(`the GGUF file has no metadata ${excerpt(key)}, which the model needs`, { key });
  }

  text(name: string): string | undefined {
    const value = this.metadata.get(`${this.architecture}.${name}`);
    return typeof value === "string" ? value : undefined;
  }

  id(name: string): number | undefined {
    const value = this.metadata.get(`tokenizer.ggml.${name}_token_id`);
    return typeof value === "number" ? value : undefined;
  }
}

/** Fields whose value is known. */
const defined = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * The config.json that says what a file's metadata and tensors say. Throws `ModelError` for missing metadata and senseless ones,
 * `UnsupportedError` for architectures and scalings that are not known.
 * @param frequencyFactors `rope_freqs.weight`, where the file has it
 */
export function ggufConfig(file: Pick<GgufFile, "metadata" | "has" | "info">, frequencyFactors: Float32Array | null) {
  const { modelType } = ggufArchitecture(file.metadata.get("general.architecture"));
  const values = new Values(file.metadata);
  const [hidden, heads] = [values.required("embedding_length"), values.required("attention.head_count")];
  const headDim = values.number("attention.key_length") ?? hidden / heads;
  const theta = values.number("rope.freq_base") ?? 10_000;
  const scaling = ropeScaling(
    values,
    { theta, rotated: values.number("rope.dimension_count") ?? headDim },
    frequencyFactors,
  );
  const window = values.number("attention.sliding_window");
  return defined({
    model_type: modelType,
    ...{ hidden_size: hidden, num_attention_heads: heads, head_dim: headDim },
    num_hidden_layers: values.required("block_count"),
    num_key_value_heads: values.alike("attention.head_count_kv") ?? heads,
    intermediate_size: values.required("feed_forward_length"),
    max_position_embeddings: values.required("context_length"),
    rms_norm_eps: values.required("attention.layer_norm_rms_epsilon"),
    rope_theta: theta,
    rope_scaling: scaling ?? undefined,
    partial_rotary_factor:
      modelType === "phi3" ? (values.number("rope.dimension_count") ?? headDim) / headDim : undefined,
    hidden_act: modelType === "gemma3_text" ? undefined : "silu",
    hidden_activation: modelType === "gemma3_text" ? "gelu_pytorch_tanh" : undefined,
    query_pre_attn_scalar: modelType === "gemma3_text" ? gemmaScale(values, headDim) : undefined,
    vocab_size: file.has("token_embd.weight") ? file.info("token_embd.weight").shape[0] : undefined,
    tie_word_embeddings: !file.has("output.weight"),
    attention_bias: modelType === "qwen2" ? undefined : file.has("blk.0.attn_q.bias"),
    mlp_bias: modelType === "llama" ? file.has("blk.0.ffn_gate.bias") : undefined,
    sliding_window: window === 0 ? undefined : window,
    use_sliding_window: modelType.startsWith("qwen") && window !== undefined && window > 0 ? true : undefined,
    bos_token_id: values.id("bos"),
    eos_token_id: values.id("eos"),
    pad_token_id: values.id("padding"),
  });
}

/** What Gemma's scores are divided by the root of: files do not say it, and the largest model has another. */
const gemmaScale = (values: Values, headDim: number) =>
  values.required("block_count") === 62
    ? values.required("embedding_length") / values.required("attention.head_count")
    : headDim;

interface Rotary {
  readonly theta: number;
  /** Features of a head that are turned. */
  readonly rotated: number;
}

function ropeScaling(values: Values, rotary: Rotary, factors: Float32Array | null): object | null {
  const type = values.text("rope.scaling.type");
  if (factors !== null) return llama3Scaling(rotary, factors);
  if (type === undefined || type === "none") return null;
  const factor = values.number("rope.scaling.factor");
  const original = values.number("rope.scaling.original_context_length");
  if (type === "linear" && factor !== undefined) return { rope_type: "linear", factor };
  if (type === "yarn" && factor !== undefined)
    return defined({ rope_type: "yarn", factor, original_max_position_embeddings: original });
  throw new UnsupportedError(
    `rope.scaling.type ${excerpt(type)} is not supported; "linear" and "yarn" with a factor are`,
    {
      key: "rope.scaling.type",
      value: type,
    },
  );
}

/**
 * Llama 3's scaling by the factors of its frequencies, which is what files have of it: all models of that family have the same
 * bounds. Throws `UnsupportedError` where the factors are others.
 */
function llama3Scaling({ theta, rotated }: Rotary, factors: Float32Array): object | null {
  const factor = factors.reduce((most, value) => Math.max(most, value), 1);
  if (factors.every((value) => value === 1)) return null;
  const [low, high, original] = [1, 4, 8192];
  const expected = (i: number) => {
    const turns = original / (2 * Math.PI * exp(((2 * i) / rotated) * log(theta)));
    if (turns > high) return 1;
    if (turns < low) return factor;
    const smooth = (turns - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  };
  const fits = factors.length === rotated / 2 && factors.every((value, i) => Math.abs(value / expected(i) - 1) < 1e-3);
  if (fits)
    return {
      ...{ rope_type: "llama3", factor: shortest(factor), low_freq_factor: low, high_freq_factor: high },
      original_max_position_embeddings: original,
    };
  throw new UnsupportedError("rope_freqs.weight: these factors of rotary frequencies are none of Llama 3's", {
    tensor: "rope_freqs.weight",
  });
}

import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** Sizes and constants of a BERT encoder, as its config.json has them. */
export interface BertConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly vocabularySize: number;
  /** Longest sequence that position embeddings exist for, in tokens. */
  readonly maxPositions: number;
  readonly typeVocabularySize: number;
  readonly layerNormEps: number;
  readonly activation: "gelu" | "gelu_new" | "relu";
}

/** Reads config.json. Throws `ModelError` for missing or senseless values, `UnsupportedError` for other architectures. */
export function bertConfig(json: Record<string, unknown>): BertConfig {
  const type = json["model_type"];
  if (type !== "bert") {
    throw new UnsupportedError(`config.json: model_type ${excerpt(type)} is not supported; "bert" is`, { type });
  }
  const position = json["position_embedding_type"] ?? "absolute";
  if (position !== "absolute") {
    throw new UnsupportedError(
      `config.json: position_embedding_type ${excerpt(position)}; only "absolute" is supported`,
      { file: "config.json", option: "position_embedding_type", value: position, allowed: ["absolute"] },
    );
  }
  const activation = json["hidden_act"] ?? "gelu";
  if (activation !== "gelu" && activation !== "gelu_new" && activation !== "relu") {
    throw new UnsupportedError(
      `config.json: hidden_act ${excerpt(activation)}; "gelu", "gelu_new" and "relu" are supported`,
      { file: "config.json", option: "hidden_act", value: activation, allowed: ["gelu", "gelu_new", "relu"] },
    );
  }
  const config: BertConfig = {
    hiddenSize: whole(json, "hidden_size"),
    layers: whole(json, "num_hidden_layers"),
    heads: whole(json, "num_attention_heads"),
    intermediateSize: whole(json, "intermediate_size"),
    vocabularySize: whole(json, "vocab_size"),
    // [CLS] and [SEP] take two.
    maxPositions: whole(json, "max_position_embeddings", 2),
    typeVocabularySize: whole(json, "type_vocab_size"),
    layerNormEps: epsilon(json["layer_norm_eps"]),
    activation,
  };
  if (config.hiddenSize % config.heads !== 0) {
    throw new ModelError(
      `config.json: hidden_size ${config.hiddenSize} is no multiple of num_attention_heads ${config.heads}`,
      { key: "num_attention_heads", value: config.heads },
    );
  }
  return config;
}

/** Row numbers and sizes go to the kernels as 32-bit numbers. What a model really has is compared with its tensors. */
const MAX_SIZE = 2 ** 31 - 1;

function whole(json: Record<string, unknown>, key: string, least = 1): number {
  const value = json[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= MAX_SIZE) return value;
  throw new ModelError(
    `config.json: ${key} must be a whole number from ${least} to ${MAX_SIZE}, got ${excerpt(value)}`,
    {
      key,
      value,
    },
  );
}

function epsilon(value: unknown = 1e-12): number {
  // As float32, so that it still keeps a variance of 0 from dividing.
  if (typeof value === "number" && Math.fround(value) > 0 && value < 1) return value;
  throw new ModelError(`config.json: layer_norm_eps must be a small positive number, got ${excerpt(value)}`, {
    key: "layer_norm_eps",
    value,
  });
}

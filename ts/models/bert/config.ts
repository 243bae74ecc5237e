import { ModelError, UnsupportedError } from "../../errors.js";

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
    throw new UnsupportedError(`config.json: model_type ${JSON.stringify(type)} is not supported; "bert" is`, { type });
  }
  const position = json["position_embedding_type"] ?? "absolute";
  if (position !== "absolute") {
    throw new UnsupportedError(
      `config.json: position_embedding_type ${JSON.stringify(position)}; only "absolute" is supported`,
    );
  }
  const activation = json["hidden_act"] ?? "gelu";
  if (activation !== "gelu" && activation !== "gelu_new" && activation !== "relu") {
    throw new UnsupportedError(
      `config.json: hidden_act ${JSON.stringify(activation)}; "gelu", "gelu_new" and "relu" are supported`,
    );
  }
  const config: BertConfig = {
    hiddenSize: whole(json, "hidden_size"),
    layers: whole(json, "num_hidden_layers"),
    heads: whole(json, "num_attention_heads"),
    intermediateSize: whole(json, "intermediate_size"),
    vocabularySize: whole(json, "vocab_size"),
    maxPositions: whole(json, "max_position_embeddings"),
    typeVocabularySize: whole(json, "type_vocab_size"),
    layerNormEps: epsilon(json["layer_norm_eps"]),
    activation,
  };
  if (config.hiddenSize % config.heads !== 0) {
    throw new ModelError(
      `config.json: hidden_size ${config.hiddenSize} is no multiple of num_attention_heads ${config.heads}`,
    );
  }
  return config;
}

function whole(json: Record<string, unknown>, key: string): number {
  const value = json[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new ModelError(`config.json: ${key} must be a whole number from 1, got ${JSON.stringify(value)}`, {
    key,
    value,
  });
}

function epsilon(value: unknown = 1e-12): number {
  if (typeof value === "number" && value > 0 && value < 1) return value;
  throw new ModelError(`config.json: layer_norm_eps must be a small positive number, got ${JSON.stringify(value)}`);
}

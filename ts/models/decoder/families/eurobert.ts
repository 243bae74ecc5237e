import { beforeHead, type HeadPlan } from "../../architecture.js";
import { type ConfigJson, flag, word } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { llamaLike, llamaNames, queryKeyValue } from "./llama-like.js";

/** EuroBERT (arXiv 2503.05500): Llama whose tokens see those after them too, an encoder. */
export const eurobert: DecoderArchitecture = (given) => {
  const json = { max_position_embeddings: 8192, ...given };
  const attention = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: attention, attentionOutput: attention, inner: flag(json, "mlp_bias", false) };
  const config = { ...llamaLike(json, { eps: 1e-5 }), causal: false, biases };
  return decoder(config, llamaNames(), queryKeyValue, headOf(json));
};

const poolings = { late: "late", bos: "cls", mean: "mean" } as const;

/** EuroBertForSequenceClassification's. */
function headOf(json: ConfigJson): HeadPlan {
  const pooling = poolings[word(json, "classifier_pooling", ["late", "bos", "mean"] as const)];
  return beforeHead("model.", "dense", { pooling, activation: "gelu" });
}

/** BERT and models that differ from it in sizes, names, positions or embeddings. */
export type LikeBert = "albert" | "bert" | "camembert" | "distilbert" | "electra" | "mpnet" | "roberta" | "xlm-roberta";

/** Models with their own forward pass, whose code is loaded on demand. */
export type LazyArchitecture = "deberta-v2" | "modernbert" | "nomic_bert";

/** `model_type` of encoders that are no language models, for those who cannot have their code. */
export const encoderTypes: readonly string[] = Object.keys({
  albert: 0,
  bert: 0,
  camembert: 0,
  distilbert: 0,
  electra: 0,
  mpnet: 0,
  roberta: 0,
  "xlm-roberta": 0,
  "deberta-v2": 0,
  modernbert: 0,
  nomic_bert: 0,
} satisfies Record<LikeBert | LazyArchitecture, 0>);

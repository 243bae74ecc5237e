/*
 * Names of output layers that are tied to the word embeddings, as in transformers' _tied_weights_keys. Files do not contain them, so only
 * the model's type determines the name that transformers expects.
 */
const outputs: { readonly [output: string]: string } = {
  "cls.predictions.decoder":
    "bert big_bird deberta deberta-v2 ernie fnet layoutlm lxmert megatron-bert mobilebert mra nomic_bert nystromformer rembert " +
    "roc_bert roformer squeezebert tapas visual_bert yoso",
  "lm_head.decoder":
    "bert-generation camembert data2vec-text esm gte ibert jina_embeddings_v3 longformer mpnet roberta roberta-prelayernorm xlm-roberta " +
    "xlm-roberta-xl xmod",
  "lm_head.out_proj": "t5gemma t5gemma2",
  "predictions.decoder": "albert",
  "text_decoder.cls.predictions.decoder": "blip",
  "text_model.lm_head": "kosmos-2",
  decoder: "modernbert modernbert-decoder",
  embed_out: "gpt_neox gpt_neox_japanese",
  generator_lm_head: "convbert electra",
  head: "rwkv",
  lm_loss: "xlnet",
  output: "git",
  output_projection: "biogpt trocr",
  "pred_layer.proj": "flaubert xlm",
  proj_out: "canary cohere_asr moonshine moonshine_streaming whisper",
  vocab_projector: "distilbert",
};

const byType = new Map(
  Object.entries(outputs).flatMap(([output, types]) => types.split(" ").map((type) => [type, output])),
);

/** Path of the output layer in a model of that type; for unknown types the usual one. */
export const outputLayer = (modelType: string | null): string => byType.get(modelType ?? "") ?? "lm_head";

/** Required files of a model in Hugging Face's layout. */
export const requiredFiles = ["config.json", "tokenizer.json", "model.safetensors"] as const;

/** Optional files. */
export const optionalFiles = [
  "tokenizer_config.json",
  "generation_config.json",
  "chat_template.jinja",
  "modules.json",
  "1_Pooling/config.json",
  "2_Dense/config.json",
  "2_Dense/model.safetensors",
  "sentence_bert_config.json",
  "config_sentence_transformers.json",
] as const;

/** The largest tokenizers have about 35 MB. */
const LONGEST_TEXT = 128 * 1024 * 1024;

/** Maximum bytes of a file of unknown size: a server may send without end. */
export const mostBytes = (file: string): number =>
  /\.(safetensors|gguf)(?:[?#].*)?$/i.test(file) ? Infinity : LONGEST_TEXT;

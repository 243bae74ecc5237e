import type { GgufFile } from "../../io/gguf/index.js";
import type { MetadataValues } from "./metadata-values.js";

/** Fields of config.json about the vocabulary, for every architecture. */
export const wordsConfig = (file: Pick<GgufFile, "has" | "info">, values: MetadataValues) => ({
  vocab_size: file.has("token_embd.weight") ? file.info("token_embd.weight").shape[0] : undefined,
  tie_word_embeddings: !file.has("output.weight"),
  bos_token_id: values.id("bos"),
  eos_token_id: values.id("eos"),
  pad_token_id: values.id("padding"),
});

/** Fields whose value is known. */
export const defined = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

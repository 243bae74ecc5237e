import { isRecord } from "../../arguments/collections.js";

/** The part of a config.json that describes the language model: of one for texts and pictures its `text_config`. */
export function textConfig<T>(json: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const text = json["text_config"];
  if (!isRecord(text)) return json;
  const tied = json["tie_word_embeddings"];
  return { ...(text as Record<string, T>), ...(tied === undefined ? {} : { tie_word_embeddings: tied }) };
}

import type { Json } from "../../../io/json.js";
import { type ModelSource, readJson } from "../../../io/model-source.js";
import { ChatTemplate } from "../../language/chat-template.js";
import { endsOf } from "../../language/load-language-model.js";
import type { ModelToWrite } from "./model.js";

/** A model's tokenizer files; null without tokenizer.json. Throws `ModelError` for invalid files. */
export async function tokenizerFiles(
  from: ModelSource,
  config: { readonly [key: string]: Json },
): Promise<ModelToWrite["tokenizer"]> {
  const tokenizer = await readJson(from, "tokenizer.json");
  if (tokenizer === null) return null;
  const settings = (await readJson(from, "tokenizer_config.json")) ?? {};
  const generation = (await readJson(from, "generation_config.json")) ?? {};
  const ends = [...endsOf(from, generation, config, Infinity)];
  const template = await ChatTemplate.read(from, settings);
  return { tokenizer, settings, ends, chatTemplate: template?.source ?? null };
}

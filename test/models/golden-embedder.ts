import type { FileMap } from "../../ts/io/file-access.js";
import { goldenBytes, goldenJson } from "../golden.js";

const FOLDER = "embedders";

/** Language models as sentence encoders, each with the folders of its Dense modules. */
export const embedderNames = ["qwen3_embedding", "embeddinggemma"] as const;
export type EmbedderName = (typeof embedderNames)[number];

const FILES = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
  "modules.json",
  "1_Pooling/config.json",
  "sentence_bert_config.json",
  "config_sentence_transformers.json",
];
const dense: Readonly<Record<EmbedderName, readonly string[]>> = {
  qwen3_embedding: [],
  embeddinggemma: ["2_Dense", "3_Dense"],
};

/** Texts that every one was given. */
export const { texts, queries, pairs } = await goldenJson<{
  texts: string[];
  queries: string[];
  pairs: { anchor: string; positive: string }[];
}>(`${FOLDER}/texts.json`);

/** The files of one. */
export async function embedderFiles(name: EmbedderName): Promise<FileMap> {
  const more = dense[name].flatMap((folder) => [`${folder}/config.json`, `${folder}/model.safetensors`]);
  const entries = [...FILES, ...more].map(async (file) => [file, await embedderBytes(name, file)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** A file of one, and of what transformers and PEFT made of it. */
export const embedderBytes = (name: EmbedderName, file: string) => goldenBytes(`${FOLDER}/${name}/${file}`);

/** The same of JSON. */
export const embedderJson = <T>(name: EmbedderName, file: string) => goldenJson<T>(`${FOLDER}/${name}/${file}`);

/** PEFT's adapter before the first step, or after the last. */
export const embedderAdapter = async (name: EmbedderName, adapter: "init_adapter" | "adapter_step3") =>
  Object.fromEntries(
    await Promise.all(
      ["adapter_config.json", "adapter_model.safetensors"].map(
        async (file) => [file, await embedderBytes(name, `replay/${adapter}/${file}`)] as const,
      ),
    ),
  );

import type { FileMap } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";

// Folders that Python's sentence-transformers saved, and what it gives for texts and pairs.

const FOLDER = "tasks/files";

/** Files that such a folder may have besides its weights. */
const FILES = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "modules.json",
  "sentence_bert_config.json",
  "config_sentence_transformers.json",
  "adapter_config.json",
  "adapter_model.safetensors",
  "1_Pooling/config.json",
  "2_Normalize/config.json",
  "2_Dense/config.json",
  "2_Dense/model.safetensors",
  "3_Normalize/config.json",
];

/** Files that each folder has, by its name; several folders share weights. */
const weights: Readonly<Record<string, string>> = {
  "plain-roberta": "tasks/weights/roberta.safetensors",
  "old_layout-roberta": "tasks/weights/roberta.safetensors",
  "prompts-roberta": "tasks/weights/roberta.safetensors",
  "dense-modernbert": "tasks/encoders/modernbert/model.safetensors",
  "dot-modernbert": "tasks/encoders/modernbert/model.safetensors",
  "normalize-distilbert": "encoders/distilbert/model.safetensors",
  "truncate-distilbert": "encoders/distilbert/model.safetensors",
  "cross-bert_pair": "tasks/weights/cross-bert_pair.safetensors",
  "cross-roberta": "tasks/weights/cross-roberta.safetensors",
};

/** The bytes of a golden file; null where there is none. */
const bytesOf = (path: string) => goldenBytes(path).catch(() => null);

/** The files of a golden folder, in memory. */
export async function goldenFolder(name: string): Promise<FileMap> {
  const files: Record<string, Uint8Array> = {};
  for (const file of FILES) {
    const bytes = await bytesOf(`${FOLDER}/${name}/${file}`);
    if (bytes !== null) files[file] = bytes;
  }
  const own = weights[name];
  return own === undefined ? files : { ...files, "model.safetensors": await goldenBytes(own) };
}

/** What sentence-transformers gives for the texts or pairs below. */
export const goldenExpected = (name: string) => goldenBytes(`${FOLDER}/${name}.expected.safetensors`);

export const { texts } = await goldenJson<{ texts: string[] }>(`${FOLDER}/texts.json`);
export const { pairs } = await goldenJson<{ pairs: [string, string][] }>(`${FOLDER}/pairs.json`);

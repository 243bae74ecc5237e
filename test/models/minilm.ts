import type { FileMap } from "../../ts/index.js";
import { modelFile } from "../setup/files.js";

const FOLDER = "all-MiniLM-L6-v2";
const FILES = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

/** The real all-MiniLM-L6-v2, which the set-up brought into the model cache. */
export async function miniLM(): Promise<FileMap> {
  const entries = await Promise.all(FILES.map(async (file) => [file, await modelFile(`${FOLDER}/${file}`)] as const));
  return Object.fromEntries(entries);
}

import type { FileMap } from "../../../ts/io/file-access.js";
import { goldenBytes } from "../../golden.js";
import { encoderBytes } from "../../models/golden-encoder.js";

/** Files of a family's tiny checkpoint for token classification. */
export async function tokenCheckpoint(family: string): Promise<FileMap> {
  return {
    "config.json": await goldenBytes(`tokens/${family}/config.json`),
    "model.safetensors": await goldenBytes(`tokens/${family}/model.safetensors`),
    "tokenizer.json": await encoderBytes(family, "tokenizer.json"),
    "tokenizer_config.json": await encoderBytes(family, "tokenizer_config.json"),
  };
}

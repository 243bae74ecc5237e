import type { FileMap } from "../../../ts/io/file-access.js";
import { goldenBytes, goldenJson } from "../../golden.js";

interface GoldenAdapter {
  base: string;
  note: string;
}

/** What test/golden/adapters holds. */
export const manifest = await goldenJson<{
  valid: Record<string, GoldenAdapter>;
  reject: Record<string, { note: string }>;
  base: Record<string, string>;
}>("adapters/manifest.json");

/** Files of a golden adapter; `folder` as "valid/llama_plain". */
export async function adapterFiles(folder: string): Promise<FileMap> {
  const names = ["adapter_config.json", "adapter_model.safetensors"];
  const read = async (name: string) => [name, await goldenBytes(`adapters/${folder}/${name}`)] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/** Files of a golden base model. */
export async function baseFiles(name: string): Promise<FileMap> {
  return { "model.safetensors": await goldenBytes(`adapters/base/${name}/model.safetensors`) };
}

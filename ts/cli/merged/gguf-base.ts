import { dirname, resolve } from "node:path";
import { type GgufFile, openGguf } from "../../io/gguf/index.js";
import { readJson, readRequiredJson } from "../../io/model-source.js";
import { fileSource } from "../../io/node/file-source.js";
import { WEIGHTS } from "../../io/safetensors/index.js";
import { denseTensors } from "../../models/gguf/dense-tensors.js";
import { ggufSource } from "../../models/gguf/index.js";
import { isGrouped } from "../../models/gguf/tensors.js";
import type { BaseWeights } from "../files/base-model.js";

/** What stands beside the weights in Hugging Face's layout, where a GGUF file says it. */
const COMPANIONS = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];

/** Opens a GGUF file as a model in Hugging Face's layout, whose weights in groups are the float32 values that these say. */
export async function openGgufBase(path: string): Promise<BaseWeights> {
  const source = await ggufSource(() => fileSource(path), path);
  const config = await readRequiredJson(source, "config.json");
  const companions: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const name of COMPANIONS) {
    const json = await readJson(source, name);
    if (json !== null) companions[name] = new TextEncoder().encode(withFractions(`${JSON.stringify(json, null, 2)}\n`));
  }
  const file = await openGguf(await fileSource(path), path);
  try {
    const tensors = denseTensors(file);
    const model = { ...source, directory: dirname(resolve(path)), origin: "folder" } as const;
    const kind = hasGroups(file) ? "dequantised" : "own";
    const files = new Map([[WEIGHTS, tensors]]);
    return { model, files, tensors, index: null, config, companions, kind, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** transformers refuses whole numbers as these factors and caps, and JSON.stringify writes 30.0 as 30. */
const withFractions = (json: string) => json.replace(whole, "$1.0");
const whole = /^( *"(?:(?:attn|final)_logit_softcapping|routed_scaling_factor)": \d+)(?=,?$)/gm;

/** Whether some of a file's weights are in groups. */
export const hasGroups = (file: GgufFile): boolean => file.names.some((name) => isGrouped(file.info(name).type));

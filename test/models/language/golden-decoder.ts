import { CausalLanguageModel, type FileMap } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";

/** Folders of test/golden/decoders. */
export const decoderNames = [
  "gemma2",
  "gemma3_text",
  "gemma4_keys",
  "gemma4_text",
  "gpt2",
  "gpt_neox",
  "gpt_neox_serial",
  "granite",
  "granite4",
  "granitemoe",
  "granitemoeshared",
  "lfm2",
  "lfm2_moe",
  "llama",
  "llama_yarn",
  "ministral3",
  "mistral",
  "olmo2",
  "olmoe",
  "phi3",
  "phi3_longrope",
  "qwen2",
  "qwen3",
  "qwen3_5",
  "qwen3_moe",
  "smollm3",
  "vaultgemma" as const,
] as const;

export type DecoderName = (typeof decoderNames)[number];

/** Those that are not written to GGUF files. */
export const unnamedInGguf: readonly DecoderName[] = ["granite4", "granitemoeshared", "qwen3_moe", "vaultgemma"];
/** All others. */
export const namedInGguf = decoderNames.filter((name) => !unnamedInGguf.includes(name));

/** What transformers and PEFT made of one. */
export interface DecoderGolden {
  readonly prompts: readonly { text: string; ids: number[]; new_ids: number[]; new_text: string }[];
  readonly batch: readonly { prompt: string; completion: string; ids: number[]; first: number }[];
  readonly losses: readonly number[];
}

export const decoderGolden = (name: DecoderName) => goldenJson<DecoderGolden>(`decoders/${name}/golden.json`);

async function files(folder: string, names: readonly string[]): Promise<FileMap> {
  const read = names.map(async (name) => [name, await goldenBytes(`${folder}/${name}`)] as const);
  return Object.fromEntries(await Promise.all(read));
}

const MODEL = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"];

/** The files of a model, by name. */
export const decoderFiles = (name: DecoderName): Promise<FileMap> => files(`decoders/${name}`, MODEL);

/** A model with an adapter "plain" and an adapter "dora", both with random values. */
export async function adapted(name: DecoderName): Promise<CausalLanguageModel> {
  const model = await CausalLanguageModel.load(await decoderFiles(name));
  model.addAdapter("plain", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
  model.addAdapter("dora", { rank: 3, initLoraWeights: false, alpha: 60, dora: true });
  return model;
}

/** The adapter that its five steps begin with. */
export const decoderAdapter = (name: DecoderName): Promise<FileMap> =>
  files(`decoders/${name}/adapter`, ["adapter_config.json", "adapter_model.safetensors"]);

/** The same files with other values in a JSON file; undefined takes one out. */
export function changedJson(given: FileMap, file: string, changes: object): FileMap {
  const json = JSON.parse(new TextDecoder().decode(given[file])) as object;
  return { ...given, [file]: new TextEncoder().encode(JSON.stringify({ ...json, ...changes })) };
}

/** All that a generator gives. */
export async function all<T>(generator: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of generator) found.push(item);
  return found;
}

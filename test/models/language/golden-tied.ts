import { type FileMap, readSafetensors, type Tensor, type TensorFile, writeSafetensors } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";

/** Models of test/golden/tied. */
export const tiedNames = ["qwen2", "gpt2", "gemma3_text", "smollm3", "llama_yarn", "llama"] as const;

export type TiedName = (typeof tiedNames)[number];

/** What PEFT made of an adapter on a table of words or an output layer. */
export interface TiedCase {
  readonly model: TiedName;
  readonly name: string;
  /** PEFT's files, before the steps. */
  readonly files: FileMap;
  /** Of each step. */
  readonly losses: readonly number[];
  /** Of the first step, by the key of the adapter's file. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  /** Logits of the last tokens of the first prompt, before the steps and after them. */
  readonly before: Tensor;
  readonly after: Tensor;
}

function under(file: TensorFile, prefix: string): [string, Tensor][] {
  const names = file.names.filter((name) => name.startsWith(prefix));
  return names.map((name) => [name.slice(prefix.length), file.tensor(name)]);
}

/** The cases of a model. */
export async function tiedCases(model: TiedName): Promise<TiedCase[]> {
  const cases = await goldenJson<Record<string, { config: object; losses: number[] }>>(`tied/${model}.json`);
  const tensors = readSafetensors(await goldenBytes(`tied/${model}.safetensors`));
  return Object.entries(cases).map(([name, { config, losses }]) => ({
    model,
    name,
    losses,
    files: {
      "adapter_config.json": new TextEncoder().encode(JSON.stringify(config)),
      "adapter_model.safetensors": writeSafetensors(under(tensors, `${name}/adapter/`)),
    },
    gradients: new Map(under(tensors, `${name}/gradient/`)),
    before: tensors.tensor(`${name}/before`),
    after: tensors.tensor(`${name}/after`),
  }));
}

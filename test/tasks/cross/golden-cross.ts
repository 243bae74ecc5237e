import type { FileMap } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { goldenEncoder } from "../../models/golden-encoder.js";

// Cross-encoders that sentence-transformers trained for three steps: an adapter and a head on a tiny encoder.

const FOLDER = "tasks/cross_encoder";

/** What a case was given and came to. */
export interface CrossCase {
  readonly loss: string;
  readonly inputs: Readonly<Record<string, (string | string[])[]>>;
  readonly labels?: (number | number[])[];
  readonly pairs: [string, string][];
  readonly ids: number[][];
  readonly num_labels: number;
  readonly loss_f64: number[];
  readonly loss_after_f64: number;
  readonly no_true_gradient: string[];
  readonly ranking_after: number[] | null;
  readonly f32_vs_f64: Readonly<Record<"loss" | "logits_before" | "logits_after", number>>;
}

export const crossCases = [
  "bce-bert_pair",
  "bce-roberta",
  "cross_entropy-bert_pair",
  "lambda-bert_pair",
  "list_net-roberta",
  "margin_mse-bert_pair",
  "mnrl-roberta",
  "mse-modernbert",
  "rank_net-distilbert",
];

export const crossCase = (name: string) => goldenJson<CrossCase>(`${FOLDER}/${name}/case.json`);
export const crossBytes = (name: string, file: string) => goldenBytes(`${FOLDER}/${name}/${file}`);

/** The adapter and head that a case began with. */
export const crossAdapter = async (name: string): Promise<FileMap> => ({
  "adapter_config.json": await crossBytes(name, "init_adapter/adapter_config.json"),
  "adapter_model.safetensors": await crossBytes(name, "init_adapter/adapter_model.safetensors"),
});

/** The encoder below a case, whose name ends with the encoder's. */
export async function crossBase(name: string): Promise<FileMap> {
  const encoder = name.slice(name.indexOf("-") + 1);
  if (encoder === "bert_pair") {
    const files = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
    const entries = await Promise.all(
      files.map(async (file) => [file, await goldenBytes(`tasks/bert_pair/${file}`)] as const),
    );
    return Object.fromEntries(entries);
  }
  if (encoder !== "modernbert") return goldenEncoder(encoder);
  const folder = "tasks/files/dense-modernbert";
  return {
    "config.json": await goldenBytes(`${folder}/config.json`),
    "tokenizer.json": await goldenBytes(`${folder}/tokenizer.json`),
    "tokenizer_config.json": await goldenBytes(`${folder}/tokenizer_config.json`),
    "model.safetensors": await goldenBytes("tasks/encoders/modernbert/model.safetensors"),
  };
}

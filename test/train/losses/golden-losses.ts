import { readSafetensors, type SentenceLossOptions, type Tensor, type TensorFile } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { goldenEncoder } from "../../models/golden-encoder.js";

const FOLDER = "tasks/losses";

/** Cases of sentence-transformers, by folder: a loss, its options and the encoder. */
export const lossCases = [
  "angle-distilbert",
  "batch_all_triplet-distilbert",
  "batch_hard_triplet-modernbert",
  "cached_mnrl-distilbert",
  "contrastive-distilbert",
  "cosent-roberta",
  "cosine_similarity-modernbert",
  "gist-roberta",
  "margin_mse-roberta",
  "matryoshka_mnrl-modernbert",
  "mnrl_gte-roberta",
  "mnrl_negatives-distilbert",
  "mnrl_pairs-roberta",
  "mnrl_symmetric-modernbert",
  "mse_distill-distilbert",
  "online_contrastive-roberta",
  "softmax_nli-roberta",
  "triplet-modernbert",
  "triplet_cosine-roberta",
];

/** A case's settings and results. */
export interface LossCase {
  readonly loss: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly encoder: string;
  readonly labels?: number[];
  readonly ids: Readonly<Record<string, number[][]>>;
  readonly loss_f64: number[];
  readonly loss_after_f64: number;
  /** How far PyTorch's float32 lies from float64. */
  readonly f32_vs_f64: Readonly<Record<"loss" | "trained_step3", number>>;
}

/** A file of a case. */
export const caseBytes = (name: string, file: string) => goldenBytes(`${FOLDER}/${name}/${file}`);

/** The files of an encoder that the cases were trained on. */
export async function caseEncoder(name: string) {
  if (name !== "modernbert") return goldenEncoder(name);
  const files = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors", "modules.json"];
  const all = [...files, "1_Pooling/config.json", "sentence_bert_config.json"];
  const read = async (file: string) => [file, await goldenBytes(`tasks/encoders/${name}/${file}`)] as const;
  return Object.fromEntries(await Promise.all(all.map(read)));
}

/** A JSON file of all cases. */
export const casesOf = <T>(file: string) => goldenJson<T[]>(`${FOLDER}/${file}`);

/** A case with its vectors: `before/COLUMN`, `grad/COLUMN`, `guide/COLUMN`, `teacher`, `head/weight`. */
export async function lossCase(name: string): Promise<{ settings: LossCase; columns: string[]; vectors: TensorFile }> {
  const settings = await goldenJson<LossCase>(`${FOLDER}/${name}/case.json`);
  return {
    settings,
    columns: Object.keys(settings.ids),
    vectors: readSafetensors(await caseBytes(name, "vectors.safetensors")),
  };
}

/** Options in camel case. */
export const camelCase = (options: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name.replace(/_(.)/g, (_, c: string) => c.toUpperCase()), value]),
  );

/** A case's options with the data of its batch. */
export function optionsOf(settings: LossCase, columns: readonly string[], vectors: TensorFile): SentenceLossOptions {
  const has = (name: string) => vectors.names.includes(name);
  const tensorOf = (name: string): Tensor => vectors.tensor(name);
  return {
    ...camelCase(settings.options),
    ...(settings.labels !== undefined && { labels: settings.labels }),
    ...(has("teacher") && { teacher: tensorOf("teacher") }),
    ...(has(`guide/${columns[0]}`) && { guide: columns.map((column) => tensorOf(`guide/${column}`)) }),
    ...(has("head/weight") && { head: { weight: tensorOf("head/weight"), bias: tensorOf("head/bias") } }),
  };
}

/** Largest |a − b|; infinite where one is NaN. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((most, x, i) => {
    const distance = Math.abs(x - b[i]!);
    return Number.isNaN(distance) ? Infinity : Math.max(most, distance);
  }, 0);
}

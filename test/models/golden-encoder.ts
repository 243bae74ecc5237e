import type { FileMap } from "../../ts/io/file-access.js";
import { goldenBytes, goldenJson } from "../golden.js";

const FOLDER = "encoders";

/** Every golden encoder. */
export const goldenNames = [
  "bert",
  "roberta",
  "xlm-roberta",
  "distilbert",
  "electra",
  "albert",
  "mpnet",
  "deberta-v2",
  "deberta-v3",
  "deberta-v2-conv",
  "modernbert",
  "nomic-bert",
  "camembert",
  "eurobert",
  "bert-bare",
  "albert-wide",
  "modernbert-biased",
];

/** One like the Studio's multilingual model, paraphrase-multilingual-MiniLM-L12-v2: a BERT with the tokenizer of XLM-R, and the mean. */
export const multilingualName = "bert-multilingual";

/** Files of a model that everyone has, and those of sentence-transformers. */
const FILES = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
  "modules.json",
  "1_Pooling/config.json",
  "sentence_bert_config.json",
];

/** Texts that every golden encoder was given: awkward ones, and a batch of a training step. */
export const { texts, batch_texts: batchTexts } = await goldenJson<{ texts: string[]; batch_texts: string[] }>(
  `${FOLDER}/texts.json`,
);

/** What PEFT's replay on a golden encoder came to. */
export interface Replay {
  readonly loss_f64: number[];
  readonly batch_labels: number[];
  /** Parameters that no gradient reaches; left out where there are none. */
  readonly no_gradient?: string[];
  readonly zero_gradient_step0: string[];
  /** How far PyTorch's own float32 lies from float64. */
  readonly f32_vs_f64: Record<
    "pooled" | "loss" | "step0_grads" | "adapter_step5" | "logits" | "merged_vs_unmerged",
    number
  >;
}

/** The files of a golden encoder. */
export async function goldenEncoder(name: string): Promise<FileMap> {
  const entries = await Promise.all(FILES.map(async (file) => [file, await encoderBytes(name, file)] as const));
  return Object.fromEntries(entries);
}

/** A file of a golden encoder. */
export const encoderBytes = (name: string, file: string) => goldenBytes(`${FOLDER}/${name}/${file}`);

/** A JSON file of a golden encoder. */
export const encoderJson = <T>(name: string, file: string) => goldenJson<T>(`${FOLDER}/${name}/${file}`);

import type { Json } from "../../json.js";

/**
 * `adapter_config.json` of a LoRA adapter: the fields of PEFT's LoraConfig in camel case (`loraAlpha` is `lora_alpha`). PEFT's
 * documentation describes them.
 */
export interface AdapterConfig {
  /** Rank, unless `rankPattern` gives another. */
  readonly r: number;
  /** α, unless `alphaPattern` gives another. */
  readonly loraAlpha: number;
  /** Names at the end of module paths, or a regular expression for whole paths, or "all-linear". */
  readonly targetModules: readonly string[] | string;
  /** Modules to leave out of the targets, in the form of `targetModules`. Default null: none. */
  readonly excludeModules: readonly string[] | string | null;
  /** Ranks of modules whose path ends with the key, a regular expression; the first match counts. Default empty. */
  readonly rankPattern: ReadonlyMap<string, number>;
  /** α, likewise. Default empty. */
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** Use the scaling α/√r instead of α/r. Default false. */
  readonly useRslora: boolean;
  /** Layers have a magnitude (DoRA). Default false. */
  readonly useDora: boolean;
  /** Dropout probability before A, in training. Default 0. */
  readonly loraDropout: number;
  /** Which of the base's biases are trained and saved. Default "none". */
  readonly bias: "none" | "all" | "lora_only";
  /** B has a bias. Default false. */
  readonly loraBias: boolean;
  /** The base's weights are `[in, out]` (GPT-2's Conv1D). Default false. */
  readonly fanInFanOut: boolean;
  /** Indices of the layers to adapt. Default null: all. */
  readonly layersToTransform: readonly number[] | number | null;
  /** Name of the module list in which `layersToTransform` counts. Default null: any. */
  readonly layersPattern: readonly string[] | string | null;
  /** Modules trained and saved as a whole. Default null. */
  readonly modulesToSave: readonly string[] | null;
  /**
   * Trained rows of embeddings, by the embedding's name, or those of the word embeddings; they are saved. Default null.
   */
  readonly trainableTokenIndices: readonly number[] | ReadonlyMap<string, readonly number[]> | null;
  /** Name of the base model. Default null. */
  readonly baseModelNameOrPath: string | null;
  /** PEFT's task, such as "SEQ_CLS". Default null. */
  readonly taskType: string | null;
  /** Initialisation of A and B. Default true: A Kaiming uniform, B zero. */
  readonly initLoraWeights: boolean | string;
  /** All other fields of the file, by their names there. */
  readonly other: ReadonlyMap<string, Json>;
}

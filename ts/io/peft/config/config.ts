import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { checkOptions } from "../../../arguments/options.js";
import type { Json } from "../../json.js";
import { layout } from "./layout.js";

/**
 * `adapter_config.json` of a LoRA adapter. Each field is the one of PEFT's LoraConfig with its name in snake case
 * (`loraAlpha` is `lora_alpha`); PEFT's documentation gives their meaning in full.
 */
export interface AdapterConfig {
  /** Rank where `rankPattern` says nothing else. */
  readonly r: number;
  /** α where `alphaPattern` says nothing else. */
  readonly loraAlpha: number;
  /** Names that modules end in, or a regular expression for whole paths, or "all-linear". */
  readonly targetModules: readonly string[] | string;
  /** Modules to leave out although targeted; as `targetModules`. Default null: none. */
  readonly excludeModules: readonly string[] | string | null;
  /** Rank of modules whose path ends in the key, a regular expression; the first that fits counts. Default empty. */
  readonly rankPattern: ReadonlyMap<string, number>;
  /** α, likewise. Default empty. */
  readonly alphaPattern: ReadonlyMap<string, number>;
  /** Scaling α/√r in place of α/r. Default false. */
  readonly useRslora: boolean;
  /** Weight-decomposed: layers have a magnitude. Default false. */
  readonly useDora: boolean;
  /** Probability of dropout before A, in training. Default 0. */
  readonly loraDropout: number;
  /** Which biases of the base were trained too and stand in the file. Default "none". */
  readonly bias: "none" | "all" | "lora_only";
  /** B has a bias. Default false. */
  readonly loraBias: boolean;
  /** The base stores its weights `[in, out]` (GPT-2's Conv1D). Default false. */
  readonly fanInFanOut: boolean;
  /** Only these layers of the stack. Default null: all. */
  readonly layersToTransform: readonly number[] | number | null;
  /** Name of the stack that `layersToTransform` counts in. Default null: any. */
  readonly layersPattern: readonly string[] | string | null;
  /** Modules trained as a whole, whose weights stand in the file. Default null. */
  readonly modulesToSave: readonly string[] | null;
  /**
   * Rows of embeddings that were trained, by the embedding's name, or those of the table of words; they stand in the file.
   * Default null.
   */
  readonly trainableTokenIndices: readonly number[] | ReadonlyMap<string, readonly number[]> | null;
  /** Model the adapter was made for. Default null. */
  readonly baseModelNameOrPath: string | null;
  /** PEFT's task, such as "SEQ_CLS". Default null. */
  readonly taskType: string | null;
  /** How A and B began. Default true: A Kaiming uniform, B zero. */
  readonly initLoraWeights: boolean | string;
  /** All further fields of the file, by their name there. */
  readonly other: ReadonlyMap<string, Json>;
}

type Essential = "r" | "loraAlpha" | "targetModules";

const defaults: Omit<AdapterConfig, Essential | "other"> = {
  excludeModules: null,
  rankPattern: new Map(),
  alphaPattern: new Map(),
  useRslora: false,
  useDora: false,
  loraDropout: 0,
  bias: "none",
  loraBias: false,
  fanInFanOut: false,
  layersToTransform: null,
  layersPattern: null,
  modulesToSave: null,
  trainableTokenIndices: null,
  baseModelNameOrPath: null,
  taskType: null,
  initLoraWeights: true,
};

/**
 * A configuration from its essentials; the rest as in `AdapterConfig`'s defaults. Lists and Maps are copied. Throws
 * `ConfigError`, naming the field, for one that there is not or of the wrong kind.
 */
export function adapterConfig(fields: Pick<AdapterConfig, Essential> & Partial<AdapterConfig>): AdapterConfig {
  return takeConfig("adapterConfig", fields);
}

/** `adapterConfig` on behalf of another function, `what`. */
export function takeConfig(what: string, fields: Partial<AdapterConfig>): AdapterConfig {
  checkOptions(what, fields, [...Object.keys(layout), "other"]);
  const taken: Record<string, unknown> = {};
  for (const [name, [, type]] of Object.entries(layout)) {
    const given: unknown = fields[name as keyof AdapterConfig];
    const value = given === undefined ? defaults[name as keyof typeof defaults] : given;
    taken[name] = type.read(value);
    if (taken[name] === undefined) throw unlike(what, name, type.expected, value);
  }
  const { other = new Map<string, Json>() } = fields;
  if (!(other instanceof Map)) throw unlike(what, "other", "a Map of the file's further fields", other);
  return { ...(taken as unknown as AdapterConfig), other: new Map(other) };
}

function unlike(what: string, name: string, expected: string, given: unknown): ConfigError {
  return new ConfigError(`${what}: ${name} is ${expected}, got ${excerpt(given)}`, { option: name });
}

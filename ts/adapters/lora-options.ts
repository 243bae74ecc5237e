import { isRecord, notExpected } from "../arguments/settings.js";
import { checkOptions, copiedOptions } from "../arguments/options.js";
import { ConfigError } from "../errors/errors.js";
import { kindOf } from "../errors/excerpt.js";
import { adapterConfig, type AdapterConfig, checkTogether, refuseInitialisation } from "../io/peft/index.js";
import {
  gaussianInit,
  kaimingInit,
  type LoraInit,
  oloraFactors,
  orthogonalInit,
  pissaFactors,
  randomInit,
  resolveLoraConfig,
  type WeightInit,
} from "../nn/lora-config.js";

/**
 * A call's `lora` as it is now, with its lists and patterns, for a call that awaits something before it makes the adapter. Other values are
 * kept as they are, for the check that refuses them.
 */
export function copiedLora<T>(lora: T, depth = 2): T {
  if (!/^(Array|Object)$/.test(kindOf(lora))) return lora;
  const own = Object.assign(Array.isArray(lora) ? [] : {}, lora) as Record<string, unknown>;
  if (depth > 0) for (const name in own) own[name] = copiedLora(own[name], depth - 1);
  return own as T;
}

/** A call's options as they are now, with a copy of `lora`. Other values are kept as they are, for the check that refuses them. */
export function withCopiedLora<T extends { readonly lora?: unknown }>(options: T): T {
  if (!isRecord(options)) return options;
  const own = copiedOptions<T>(options);
  return "lora" in own ? { ...own, lora: copiedLora(own.lora) } : own;
}

/** Values by a module's name or pattern. */
type ByName<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

/** Initial A and B, by PEFT's names: false makes both random; "pissa" and "olora" start from the base's own weights. */
export type LoraInitName = boolean | "gaussian" | "orthogonal" | "pissa" | "olora";

/**
 * Options of a new adapter: PEFT's LoraConfig in camel case, except `rank` (r), `alpha` (lora_alpha), `rslora` (use_rslora), `dora`
 * (use_dora) and `dropout` (lora_dropout).
 */
export interface LoraOptions {
  /** Rank of A·B; default 8. */
  readonly rank?: number;
  /** Numerator of the scaling; default 16. */
  readonly alpha?: number;
  /**
   * Modules to adapt: names at the end of module paths, a regular expression for whole paths, or "all-linear". Embedding tables are
   * allowed. Default: query, key and value, as the model names them.
   */
  readonly targetModules?: readonly string[] | string;
  /** Modules to leave out of the targets, in the form of `targetModules`. Default: none. */
  readonly excludeModules?: readonly string[] | string | null;
  /** Use the scaling α/√r instead of α/r; default false. */
  readonly rslora?: boolean;
  /** Train a magnitude for each output (DoRA); default false. */
  readonly dora?: boolean;
  /** Dropout on the adapters' input in training; default 0. Embeddings have no dropout. */
  readonly dropout?: number;
  /** Which of the base's biases are trained: "none" (default), "lora_only" (those of adapted layers) or "all". */
  readonly bias?: "none" | "all" | "lora_only";
  /** Modules to train as a whole: names at the end of a path, or before a dot. Default: none. */
  readonly modulesToSave?: readonly string[] | null;
  /** Indices of the layers to adapt; default: all. */
  readonly layersToTransform?: readonly number[] | number | null;
  /** Name of the module list in which `layersToTransform` counts; default: any. */
  readonly layersPattern?: readonly string[] | string | null;
  /** Rank for modules whose path ends with the key, a regular expression; the first match counts. */
  readonly rankPattern?: ByName<number>;
  /** α, likewise. */
  readonly alphaPattern?: ByName<number>;
  /** Add a trainable bias to B, scaled as the product is; default false. */
  readonly loraBias?: boolean;
  /** Rows of the word embeddings to train, or lists of rows by table name. Default: none. */
  readonly trainableTokenIndices?: readonly number[] | ByName<readonly number[]> | null;
  /** Initial A and B; default true: A Kaiming uniform, B zero. */
  readonly initLoraWeights?: LoraInitName;
  /** Function that makes A and B of linear layers, in place of `initLoraWeights`. */
  readonly init?: LoraInit;
}

/** Options with PEFT's names. */
const peftNames = [
  "excludeModules",
  "bias",
  "modulesToSave",
  "layersToTransform",
  "layersPattern",
  "rankPattern",
  "alphaPattern",
  "loraBias",
  "trainableTokenIndices",
] as const;

/** Names of the options. */
export const LORA_OPTIONS: readonly (keyof LoraOptions)[] = [
  "rank",
  "alpha",
  "targetModules",
  "rslora",
  "dora",
  "dropout",
  "init",
  "initLoraWeights",
  ...peftNames,
] as const;

/** The options with their defaults. */
export interface ResolvedLoraOptions {
  readonly config: AdapterConfig;
  /** Initialiser of linear layers. */
  readonly init: LoraInit;
  /** Computes A and B from the base's weight, from which s·A·B is then subtracted; null for other initialisations. */
  readonly taking: WeightInit | null;
}

/**
 * The options with their defaults. Throws `ConfigError` for invalid values, `AdapterError` for combinations that PEFT refuses,
 * `UnsupportedError` for unknown initialisations.
 *
 * @param defaultTargets the default of `targetModules`
 */
export function resolveLoraOptions(
  what: string,
  options: LoraOptions,
  defaultTargets: readonly string[],
): ResolvedLoraOptions {
  checkOptions(what, options, LORA_OPTIONS);
  const taken = { ...options };
  if (taken.init !== undefined && taken.initLoraWeights !== undefined)
    throw new ConfigError(`${what}: init and initLoraWeights are both given; leave one of them out`, {
      op: what,
      option: "init",
    });
  const { rank = 8, alpha = 16, dropout = 0, rslora = false, dora = false, targetModules = defaultTargets } = taken;
  const { initLoraWeights: begin = true } = taken;
  const begun = beginning(what, begin);
  const { init } = resolveLoraConfig({ rank, alpha, dropout, init: taken.init ?? begun.init });
  const given = peftNames.flatMap((name) => (taken[name] === undefined ? [] : [[name, taken[name]] as const]));
  const fields = { r: rank, loraAlpha: alpha, targetModules, useRslora: rslora, useDora: dora, loraDropout: dropout };
  const config = takeFields(what, { ...Object.fromEntries(given), ...fields, initLoraWeights: begin });
  checkTogether(what, config);
  if (config.loraBias && typeof begin !== "boolean")
    throw new ConfigError(`${what}: loraBias goes with initLoraWeights true or false alone, got "${begin}"`, {
      op: what,
      option: "initLoraWeights",
      value: begin,
    });
  return { config, init, taking: taken.init === undefined ? begun.taking : null };
}

/** `adapterConfig` with our names in its messages. */
function takeFields(what: string, fields: Parameters<typeof adapterConfig>[0]): AdapterConfig {
  const own: Readonly<Record<string, string>> = {
    r: "rank",
    loraAlpha: "alpha",
    useRslora: "rslora",
    useDora: "dora",
    loraDropout: "dropout",
  };
  try {
    return adapterConfig(fields);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const option = String(error.details["option"]);
    const name = own[option] ?? option;
    const message = error.message.replace(`adapterConfig: ${option} `, `${what}: ${name} `);
    throw new ConfigError(message, { ...error.details, op: what, option: name }, { cause: error });
  }
}

function beginning(what: string, name: unknown): Pick<ResolvedLoraOptions, "init" | "taking"> {
  const plain = (init: LoraInit) => ({ init, taking: null });
  switch (name) {
    case true:
      return plain(kaimingInit());
    case false:
      return plain(randomInit());
    case "gaussian":
      return plain(gaussianInit());
    case "orthogonal":
      return plain(orthogonalInit());
    case "pissa":
      return { init: kaimingInit(), taking: pissaFactors };
    case "olora":
      return { init: kaimingInit(), taking: oloraFactors };
  }
  const expected = 'true, false, "gaussian", "orthogonal", "pissa" or "olora" as initLoraWeights';
  if (typeof name === "string") refuseInitialisation(what, { initLoraWeights: name });
  throw notExpected(what, expected, name);
}

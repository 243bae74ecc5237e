import { checkOptions } from "../arguments/options.js";
import { notExpected } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { adapterConfig, type AdapterConfig, checkTogether, refuseInitialisation } from "../io/peft/index.js";
import { gaussianInit, kaimingInit, type LoraInit } from "../nn/init.js";
import { oloraFactors, orthogonalInit, pissaFactors, randomInit, type WeightInit } from "../nn/initial-factors.js";
import { resolveLoraConfig } from "../nn/lora-config.js";

/** A value by a module's name or pattern. */
type ByName<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

/** How A and B begin, by PEFT's names: false makes both random, "pissa" and "olora" begin with the base's own weight. */
export type LoraInitName = boolean | "gaussian" | "orthogonal" | "pissa" | "olora";

/**
 * A new adapter on a model. Options are PEFT's LoraConfig in camel case, but for `rank` (r), `alpha` (lora_alpha), `rslora` (use_rslora), `dora`
 * (use_dora) and `dropout` (lora_dropout).
 */
export interface LoraOptions {
  /** Default 8. */
  readonly rank?: number;
  /** Numerator of the scaling; default 16. */
  readonly alpha?: number;
  /**
   * Modules to adapt: names that module paths end in, a regular expression for whole paths, or "all-linear". Tables of
   * embeddings may be among them. Default query, key and value, as the model calls them.
   */
  readonly targetModules?: readonly string[] | string;
  /** Modules to leave out although targeted; as `targetModules`. Default none. */
  readonly excludeModules?: readonly string[] | string | null;
  /** Scaling α/√r; default false. */
  readonly rslora?: boolean;
  /** Weight-decomposed; default false. */
  readonly dora?: boolean;
  /** Dropout on the adapters' input in training; default 0. Embeddings have none. */
  readonly dropout?: number;
  /** Biases of the base that are trained along: "none", those of adapted layers ("lora_only") or "all". Default "none". */
  readonly bias?: "none" | "all" | "lora_only";
  /** Modules of the model that are trained as a whole: names that paths have, at the end or before a dot. Default none. */
  readonly modulesToSave?: readonly string[] | null;
  /** Numbers of the layers to adapt; default all. */
  readonly layersToTransform?: readonly number[] | number | null;
  /** Name of the stack that `layersToTransform` counts in; default any. */
  readonly layersPattern?: readonly string[] | string | null;
  /** Ranks of modules whose path ends in the key, a regular expression; the first that fits counts. */
  readonly rankPattern?: ByName<number>;
  /** α, likewise. */
  readonly alphaPattern?: ByName<number>;
  /** A trainable bias of B, scaled as B's product is; default false. */
  readonly loraBias?: boolean;
  /** Rows of the table of words that are trained, or lists of rows by a table's name. Default none. */
  readonly trainableTokenIndices?: readonly number[] | ByName<readonly number[]> | null;
  /** Initial A and B; default true: A Kaiming uniform, B zero. */
  readonly initLoraWeights?: LoraInitName;
  /** In place of `initLoraWeights`: makes A and B of linear layers. */
  readonly init?: LoraInit;
}

/** Those that have PEFT's names. */
const peftNames = [
  ...(["excludeModules", "bias", "modulesToSave", "layersToTransform", "layersPattern", "rankPattern"] as const),
  ...(["alphaPattern", "loraBias", "trainableTokenIndices"] as const),
];

/** Names of the options. */
export const LORA_OPTIONS: readonly (keyof LoraOptions)[] = [
  ...(["rank", "alpha", "targetModules", "rslora", "dora", "dropout", "init", "initLoraWeights"] as const),
  ...peftNames,
];

/** The options with their defaults. */
export interface ResolvedLoraOptions {
  readonly config: AdapterConfig;
  /** Of linear layers. */
  readonly init: LoraInit;
  /** Makes A and B of the base's weight, from which s·A·B is then taken; null for initialisations that leave it alone. */
  readonly taking: WeightInit | null;
}

/**
 * The options with their defaults, read once. Throws `ConfigError` for what makes no sense, `AdapterError` for what PEFT does not take
 * together, `UnsupportedError` for initialisations that are not there.
 *
 * @param defaultTargets what is adapted where nothing else is said
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
      ...{ op: what, option: "init" },
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
      ...{ op: what, option: "initLoraWeights", value: begin },
    });
  return { config, init, taking: taken.init === undefined ? begun.taking : null };
}

/** `adapterConfig` with our names in its messages. */
function takeFields(what: string, fields: Parameters<typeof adapterConfig>[0]): AdapterConfig {
  const own: Readonly<Record<string, string>> = {
    ...{ r: "rank", loraAlpha: "alpha", useRslora: "rslora", useDora: "dora", loraDropout: "dropout" },
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

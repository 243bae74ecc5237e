import { type Command, InvalidArgumentError, Option } from "commander";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LowrankError, UnsupportedError } from "../../errors/errors.js";
import { isFolder } from "../../io/node/folders.js";
import { readConfig } from "../../io/peft/config-file.js";
import { type FurtherLora, takeFurtherLora } from "../../training/spec/shared-fields.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";
import { HEAD_MODULES } from "../../tasks/head/transformers-head.js";
import { moduleNames, targetModules, whole } from "./option-values.js";

/** Options of the adapter that are not separate settings. */
export interface AdapterOptions {
  readonly adapterConfig?: Partial<TrainingSettings>;
  readonly excludeModules?: FurtherLora["excludeModules"];
  readonly bias?: NonNullable<FurtherLora["bias"]>;
  readonly init?: string;
  readonly modulesToSave?: readonly string[];
  readonly layers?: readonly number[];
}

/** Names of these options. */
export const adapterOptions: readonly (keyof AdapterOptions)[] = [
  "adapterConfig",
  "excludeModules",
  "bias",
  "init",
  "modulesToSave",
  "layers",
] as const;

/** Initial values by the names of --init. */
export const inits: Readonly<Record<string, NonNullable<FurtherLora["initLoraWeights"]>>> = {
  kaiming: true,
  random: false,
  gaussian: "gaussian",
  orthogonal: "orthogonal",
  pissa: "pissa",
  olora: "olora",
};

/** Adds them to the options of a run. */
export function addAdapterOptions(command: Command): void {
  command
    .option(
      "--exclude-modules <names>",
      "targeted modules to exclude: names with commas, or a regular expression",
      targetModules,
    )
    .addOption(
      new Option("--bias <which>", "biases of the base to train as well (default: none)").choices([
        "none",
        "lora_only",
        "all",
      ]),
    )
    .addOption(
      new Option(
        "--init <name>",
        "initial values of A and B; pissa and olora use the base's weight (default: kaiming)",
      ).choices(Object.keys(inits)),
    )
    .option("--modules-to-save <names>", 'modules to train as a whole, such as "LayerNorm"', moduleNames)
    .option("--layers <numbers>", 'layers to adapt, such as "0,1" (default: all)', layerNumbers)
    .option(
      "--adapter-config <file>",
      "PEFT's adapter_config.json or its folder: defaults of omitted options, and options such as rank_pattern and trainable_token_indices",
      configFile,
    );
}

function layerNumbers(text: string): number[] {
  return text.split(",").map((number) => whole(0)(number.trim()));
}

/** Settings from a file's options. */
function configFile(given: string): Partial<TrainingSettings> {
  const file = isFolder(given) ? join(given, "adapter_config.json") : given;
  try {
    const config = readConfig(readFileSync(file), true);
    if (config.other.get("ensure_weight_tying") === true)
      throw new UnsupportedError(
        `${file}: ensure_weight_tying is set: PEFT then trains embeddings and output layer of a tied model as one, which is ` +
          "not supported; set it to false, and name rows in trainable_token_indices to train them in both",
        { field: "ensure_weight_tying" },
      );
    const {
      r: rank,
      loraAlpha: alpha,
      targetModules: targets,
      useRslora: rslora,
      useDora: dora,
      loraDropout: dropout,
    } = config;
    const { bias, excludeModules, initLoraWeights, layersToTransform, layersPattern, loraBias } = config;
    const { modulesToSave: saved, rankPattern, alphaPattern, trainableTokenIndices } = config;
    // For these tasks PEFT lists the head there; here the head is always trained.
    const hasHead = config.taskType === "SEQ_CLS" || config.taskType === "TOKEN_CLS";
    const others = (saved ?? []).filter((name) => !hasHead || !HEAD_MODULES.some((head) => head === name));
    const modulesToSave = others.length === 0 ? null : others;
    const lora = takeFurtherLora("--adapter-config", file, {
      ...(bias !== "none" && { bias }),
      ...(initLoraWeights !== true && { initLoraWeights }),
      ...(loraBias && { loraBias }),
      ...(rankPattern.size > 0 && { rankPattern }),
      ...(alphaPattern.size > 0 && { alphaPattern }),
      excludeModules,
      layersToTransform,
      layersPattern,
      modulesToSave,
      trainableTokenIndices,
    });
    return { rank, alpha, targetModules: targets, rslora, dora, dropout, lora };
  } catch (error) {
    if (error instanceof LowrankError || (error as NodeJS.ErrnoException).code !== undefined)
      throw new InvalidArgumentError((error as Error).message);
    throw error;
  }
}

/** Settings from these options; an option takes precedence over the file. */
export function adapterSettings(given: AdapterOptions): Partial<TrainingSettings> {
  const { adapterConfig = {}, excludeModules, bias, init, modulesToSave, layers } = given;
  const own = {
    ...(excludeModules !== undefined && { excludeModules }),
    ...(bias !== undefined && { bias }),
    ...(init !== undefined && { initLoraWeights: inits[init]! }),
    ...(modulesToSave !== undefined && { modulesToSave }),
    ...(layers !== undefined && { layersToTransform: layers }),
  };
  const lora = takeFurtherLora("finetune", "adapter", { ...adapterConfig.lora, ...own });
  return { ...adapterConfig, ...(lora !== null && { lora }) };
}

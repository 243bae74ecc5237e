import { clip, excerpt } from "../../errors/excerpt.js";
import type { AdapterConfig } from "./config/config.js";
import { idleKeys } from "./paths/path-patterns.js";
import { targetTest } from "./paths/targets.js";

/** Facts about the base of an adapter. */
export interface BaseFamily {
  /** Name, a path or a name on the hub. */
  readonly name: string;
  /** `model_type` of its config.json; null if there is none. */
  readonly modelType: string | null;
}

interface Asked {
  readonly config: AdapterConfig;
  /** Layers by module path; only the paths matter. */
  readonly layers: ReadonlyMap<string, unknown>;
}

const robertas = ["roberta", "xlm-roberta", "camembert"];

/** Model types by the prefix of transformers' classes with a head, which often appears in models' names too. */
const families: Readonly<Record<string, readonly string[]>> = {
  roberta: robertas,
  distilbert: ["distilbert"],
  mpnet: ["mpnet"],
  albert: ["albert"],
  electra: ["electra"],
  deberta: ["deberta-v2", "deberta"],
};
const wrappers: typeof families = { ...families, bert: ["bert"] };
/** Families by whole words: "bert" is part of all these names. */
const named: typeof families = { camembert: ["camembert"], modernbert: ["modernbert"], ...families };

const encoderTypes = new Set([...Object.values(wrappers).flat(), "modernbert", "nomic_bert"]);
/** Tasks of models that write text. */
const writing = new Set(["CAUSAL_LM", "SEQ_2_SEQ_LM"]);

/** Keys of rank_pattern and alpha_pattern that match none of the adapter's layers. */
export function* idlePatterns({ config, layers }: Asked): Generator<string> {
  for (const [field, patterns] of [
    ["rank_pattern", config.rankPattern],
    ["alpha_pattern", config.alphaPattern],
  ] as const) {
    const idle = idleKeys(patterns, layers.keys());
    if (idle.length === 0) continue;
    yield (
      `${field} has ${idle.length === 1 ? "a key that decides" : `${idle.length} keys that decide`} for no layer of the adapter: ` +
      clip(idle.map((key) => excerpt(key)).join(", "))
    );
  }
}

/** A module of the model. */
interface Module {
  readonly path: string;
  /** Whether the model's files have a bias for a linear layer. */
  readonly hasBias?: boolean;
}

/** Modules of transformers' models that adapters do not change here. */
const others = ["pooler.dense", "lm_head", "classifier", "score"];

/** exclude_modules that matches no module of the model; PEFT warns too. */
export function* idleExclusion(
  { excludeModules, modulesToSave }: AdapterConfig,
  modules: readonly Module[],
): Generator<string> {
  // PEFT counts modules that modules_to_save excludes from low-rank updates.
  if (excludeModules === null || excludeModules.length === 0 || modulesToSave !== null) return;
  const none = { layersToTransform: null, layersPattern: null, modulesToSave, excludeModules: null };
  const isExcluded = targetTest({ ...none, targetModules: excludeModules });
  const paths = [...modules.map(({ path }) => path), ...others];
  if (!paths.some((path) => pathsTo(path).some(isExcluded)))
    yield `exclude_modules ${excerpt(excludeModules)} names no module of the model, so it leaves none out`;
}

/** lora_bias on a layer without a bias; PEFT warns too. */
export function* bareBiases({ config, layers }: Asked, modules: readonly Module[]): Generator<string> {
  const bare = config.loraBias ? modules.find(({ path, hasBias }) => hasBias === false && layers.has(path)) : undefined;
  if (bare !== undefined)
    yield `lora_bias is set, and ${clip(bare.path)} has no bias: the adapter applies, but it cannot be merged into the model's files`;
}

/** A module's path, and those of the modules that contain it. */
function pathsTo(path: string): string[] {
  const names = path.split(".");
  return names.map((_, i) => names.slice(0, i + 1).join("."));
}

/**
 * Signs that an adapter was made for another kind of model whose layers have the same names and shapes, which no other check finds.
 * Compares what the adapter says about itself with the base's `model_type`.
 */
export function* otherFamily({ config, layers }: Asked, { modelType }: BaseFamily): Generator<string> {
  if (modelType === null) return;
  const { baseModelNameOrPath: made, taskType } = config;
  const than = `, and the base is of the type ${clip(modelType, 40)}: was it made for another model?`;
  const folder = familyOfClass(config.other.get("auto_mapping"));
  if (folder !== null && folder !== plain(modelType)) {
    yield `the adapter was made on transformers' ${clip(folder, 40)}${than}`;
    return;
  }
  const [first = ""] = layers.keys();
  const wrapper = first.slice(0, first.indexOf("."));
  if (isOther(wrappers, wrapper, modelType)) {
    yield `the adapter's layers are called "${clip(wrapper)}.…"${than}`;
    return;
  }
  const own = lastName(made ?? "");
  const word = Object.keys(named).find((key) => own.includes(key));
  if (word !== undefined && isOther(named, word, modelType))
    yield `the adapter names ${clip(made!, 100)} as its base${than}`;
  else if (taskType !== null && writing.has(taskType) && encoderTypes.has(modelType))
    yield `the adapter's task is ${taskType}${than}`;
}

/** Another model family, else whether the base's name differs from the one in the adapter. */
export function* otherBase(adapter: Asked, base: BaseFamily): Generator<string> {
  const found = [...otherFamily(adapter, base)];
  yield* found;
  const { baseModelNameOrPath: made } = adapter.config;
  if (found.length > 0 || made === null || made === "" || lastName(made) === lastName(folderOf(base.name))) return;
  yield `the adapter names ${clip(made, 100)} as its base, this one is called ${clip(base.name, 100)}: if they are not the same, its answers mean nothing`;
}

const plain = (type: string) => type.replaceAll("-", "_").replace(/_text$/, "");

/** The model of a class of transformers that PEFT recorded: "roberta" for "transformers.models.roberta.modeling_roberta". */
function familyOfClass(mapping: unknown): string | null {
  const library = (mapping as { parent_library?: unknown } | null | undefined)?.parent_library;
  return typeof library === "string" ? (/^transformers\.models\.([a-z0-9_]+)\./.exec(library)?.[1] ?? null) : null;
}

function isOther(table: typeof families, key: string, modelType: string): boolean {
  return Object.hasOwn(table, key) && encoderTypes.has(modelType) && !table[key]!.includes(modelType);
}

/** Files are named after their folder. */
const folderOf = (name: string) => name.replace(/[/\\][^/\\]*\.(safetensors|json)$/, "");

const lastName = (path: string) => (/([^/\\]*)[/\\]*$/.exec(path)?.[1] ?? "").toLowerCase();

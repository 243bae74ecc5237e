import { checkRecord, namesFrom } from "../../arguments/settings.js";
import { AdapterError, LowrankError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { checkLengths, formatShape, sameShape } from "../../values/tensor.js";
import { checkBytes } from "../byte-source.js";
import { fileAccess, type FileMap } from "../file-access.js";
import { readSafetensors, type TensorIndex } from "../safetensors/index.js";
import { type Adapter, type AdapterLayer, lackingLayer, lackingLayers, takeAdapter } from "./adapter.js";
import type { AdapterConfig } from "./config.js";
import { type BasePaths, inFileNames, lackingInFile, relatePaths } from "./base-names.js";
import { idleKeys, NameEnds, savedWhole, targetTest } from "./targets.js";
import { baseTensor, isTokenRows } from "./adapter-files.js";

/** Names and shapes of a base model's tensors: a `TensorFile`, or an open file of `openSafetensors`. */
export type BaseIndex = Pick<TensorIndex, "names" | "info">;

/**
 * Checks that an adapter fits a base model: each of its modules exists with the right number of features, each targeted module is adapted,
 * and its other tensors have the base's shapes.
 * @param base names and shapes of the base's tensors, or its files; in runtimes with a file system also its folder
 * @throws `AdapterError` with the module that does not fit, and why; `ConfigError` or `ShapeError` for an invalid adapter or base
 */
export function checkAdapter(adapter: Adapter, base: string | FileMap | BaseIndex): void {
  for (const problem of adapterProblems(adapter, base)) throw problem;
}

/** All errors of which `checkAdapter` throws the first. Throws as it does for an invalid adapter or base. */
export function* adapterProblems(adapter: Adapter, base: string | FileMap | BaseIndex): Generator<LowrankError> {
  const given = takeAdapter("checkAdapter", adapter);
  const index = shapesOf(base);
  for (const path of lackingInFile(given, index.names)) yield lackingLayer(path);
  let taken: Adapter;
  try {
    taken = inFileNames(given, index.names);
  } catch (error) {
    if (!(error instanceof LowrankError)) throw error;
    return yield error;
  }
  const names = new Set(index.names);
  const { layers, config } = taken;
  const paths = relatePaths([...layers.keys()], names);
  const absent = [...layers.keys()].filter((path) => !names.has(`${paths.toBase(path)}.weight`));
  if (absent.length > 0) {
    const outputLayer = new NameEnds(["lm_head"]);
    const tied = absent.some((path) => outputLayer.has(path)) ? " (a tied output layer has no weight of its own)" : "";
    yield new AdapterError(
      `adapter: the base has no module ${clip(absent[0]!)}${tied}; ${absent.length} of the adapter's ${layers.size} are missing: was it made for another model (${clip(config.baseModelNameOrPath ?? "not named", 100)})?`,
      { absent },
    );
  }
  const isAbsent = new Set(absent);
  for (const [path, layer] of layers) {
    if (isAbsent.has(path)) continue;
    const problem = shapeProblem(path, layer, index.shape(`${paths.toBase(path)}.weight`), config.fanInFanOut);
    if (problem !== null) yield problem;
  }
  yield* findMissing(taken, index, paths);
  yield* extraProblems(taken, index, paths);
}

const isIndex = (base: FileMap | BaseIndex): base is BaseIndex => typeof (base as BaseIndex).info === "function";

/** A base's tensors, prepared for lookups. */
interface BaseShapes {
  readonly names: readonly string[];
  shape(name: string): readonly number[];
}

function shapesOf(base: string | FileMap | BaseIndex): BaseShapes {
  const index = indexOf(base);
  const names = namesFrom("checkAdapter: the base's names are a list of strings", index.names);
  const shape = (name: string) => {
    const info = index.info(name);
    checkRecord("checkAdapter: the base's info of a tensor is { dtype, shape }", info);
    return checkLengths("checkAdapter", info.shape);
  };
  return { names, shape };
}

function indexOf(base: string | FileMap | BaseIndex): BaseIndex {
  if (typeof base === "string") return fileAccess("checkAdapter").modelIndex(base);
  checkRecord("checkAdapter: expected the base's tensors, files or folder", base);
  if (isIndex(base)) return base;
  const bytes = Object.hasOwn(base, "model.safetensors") ? base["model.safetensors"] : undefined;
  if (bytes === undefined)
    throw new AdapterError(
      `checkAdapter: expected model.safetensors among the base's files, got ${clip(Object.keys(base).join(", ")) || "none"}`,
      { op: "checkAdapter", file: "model.safetensors", allowed: Object.keys(base) },
    );
  checkBytes("checkAdapter: model.safetensors", bytes);
  return readSafetensors(bytes, "model.safetensors");
}

function shapeProblem(
  path: string,
  layer: AdapterLayer,
  weight: readonly number[],
  fanInFanOut: boolean,
): AdapterError | null {
  const [inFeatures, outFeatures] = [layer.loraA.shape[0]!, layer.loraB.shape[1]!];
  const fits = (rows: number, columns: number) => weight.length === 2 && weight[0] === rows && weight[1] === columns;
  const inFirst = fits(inFeatures, outFeatures);
  if (layer.kind === "embedding" ? inFirst : fits(outFeatures, inFeatures)) return null;
  // A model with Conv1D layers also has ordinary ones (its head): PEFT decides by each module's class.
  if (fanInFanOut && inFirst) return null;
  const hint = !fanInFanOut && inFirst ? "; the base stores it [in, out], which needs fan_in_fan_out" : "";
  return new AdapterError(
    `adapter: ${clip(path)} takes ${inFeatures} features to ${outFeatures}, the base's weight has shape ${formatShape(weight)}${hint}`,
    { module: path, inFeatures, outFeatures, weight },
  );
}

/** Weights of the base that the configuration targets but the adapter has no layer for. */
function* findMissing(adapter: Adapter, base: BaseShapes, paths: BasePaths): Generator<AdapterError> {
  const isMatrix = (name: string) => name.endsWith(".weight") && base.shape(name).length === 2;
  const modules = base.names
    .filter(isMatrix)
    .flatMap((name) => paths.toAdapter(name.slice(0, -".weight".length)) ?? []);
  for (const path of lackingLayers(adapter, modules)) yield lackingLayer(path);
}

function* extraProblems({ config, extra }: Adapter, base: BaseShapes, paths: BasePaths): Generator<AdapterError> {
  const names = new Set(base.names);
  const isSaved = savedWhole(config.modulesToSave);
  for (const [name, tensor] of extra) {
    const own = baseTensor(name);
    const inBase = paths.toBase(own);
    if (names.has(inBase)) {
      const shape = isTokenRows(name) ? [tensor.shape[0]!, ...base.shape(inBase).slice(1)] : base.shape(inBase);
      if (sameShape(shape, tensor.shape)) continue;
      yield new AdapterError(
        `adapter: ${clip(name)} has shape ${formatShape(tensor.shape)}, the base's ${formatShape(shape)}`,
        { tensor: name },
      );
      continue;
    }
    if (!isSaved(own))
      yield new AdapterError(`adapter: it holds ${clip(name)}, which neither the base nor modules_to_save knows`, {
        tensor: name,
      });
  }
}

/** Facts about the base of an adapter. */
interface BaseFamily {
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

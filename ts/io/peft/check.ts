import { checkRecord, namesFrom } from "../../arguments/collections.js";
import { AdapterError, LowrankError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { checkLengths } from "../../values/shape.js";
import { formatShape, sameShape } from "../../values/tensor.js";
import { checkBytes } from "../byte-source.js";
import { fileAccess, type FileMap } from "../file-access.js";
import { readSafetensors, type TensorIndex } from "../safetensors/index.js";
import { type Adapter, type AdapterLayer, lackingLayer, lackingLayers } from "./adapter.js";
import { inFileNames, lackingInFile } from "./joined-modules.js";
import { type BasePaths, relatePaths } from "./paths/base-paths.js";
import { baseTensor, isTokenRows } from "./paths/keys.js";
import { NameEnds, savedWhole } from "./paths/targets.js";
import { takeAdapter } from "./take-adapter.js";

/** Names and shapes of a base model's tensors: a `TensorFile`, or an open file of `openSafetensors`. */
export type BaseIndex = Pick<TensorIndex, "names" | "info">;

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

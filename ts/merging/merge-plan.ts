import { AdapterError, UnsupportedError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { Json } from "../io/json.js";
import {
  type Adapter,
  type BaseIndex,
  baseTensor,
  checkAdapter,
  inFileNames,
  isOriginal,
  isTokenRows,
  lackingInFile,
  lackingLayer,
  rowsOfTable,
  withoutCopies,
} from "../io/peft/index.js";
import { relatePaths } from "../io/peft/base-names.js";
import type { FloatDtype, OpenTensorFile, TensorInfo } from "../io/safetensors/index.js";
import {
  architectureWithHead,
  findUntied,
  headLabels,
  headWarning,
  type NewHead,
  prefixOfHead,
  type Untied,
  withPrefix,
} from "./added-tensors.js";
import { modelTypeOf, orientationOf, type RowUpdate, rowUpdate } from "./orientation.js";
import type { Tensor } from "../values/tensor.js";

/** Separately trained rows of an embedding. */
export interface TrainedRows {
  readonly indices: readonly number[];
  readonly values: Float32Array;
}

/** How one tensor of the base changes. */
export type Change =
  /** W + s·L·R of a linear layer or an embedding, with DoRA scaled to its magnitudes. W includes trained rows, if any. */
  | {
      readonly kind: "update";
      readonly module: string;
      readonly embedding: boolean;
      readonly update: RowUpdate;
      readonly rows: TrainedRows | null;
    }
  /** Trained as a whole: it takes the base's place. */
  | { readonly kind: "replace"; readonly values: Float32Array }
  /** Rows of a table that were trained apart: they take the place of the base's. */
  | ({ readonly kind: "rows" } & TrainedRows)
  /** x + values, of a bias. */
  | { readonly kind: "add"; readonly values: Float32Array };

/** The plan of a merge, before the base is read. */
export interface MergePlan {
  /** Changes by the base's tensor. */
  readonly changes: ReadonlyMap<string, Change>;
  /** The base with added tensors. */
  readonly base: OpenTensorFile;
  readonly added: ReadonlyMap<string, AddedTensor>;
  readonly untied: Untied | null;
  /** Prefix of the files' names in `base`; usually "". */
  readonly prefix: string;
  /** The adapter's head that the base lacks; null for none. */
  readonly head: NewHead | null;
  /** Warnings for users. */
  readonly warnings: readonly string[];
}

const floatTypes: readonly string[] = ["F32", "F16", "BF16"] satisfies FloatDtype[];

/**
 * Plans a merge of an adapter into files of any architecture, only by the names of their tensors.
 * @param config config.json, if there is one: it says which layers store transposed weights, and what is tied
 * @throws `AdapterError` if the adapter does not fit the base or has tensors that the base has no place for, `UnsupportedError` if the base's element type cannot be written
 */
export function planMerge(
  given: OpenTensorFile,
  own: Adapter,
  config: { readonly [key: string]: Json } | null,
): MergePlan {
  for (const path of lackingInFile(own, given.names)) throw lackingLayer(path);
  const adapter = inFileNames(own, given.names);
  const prefix = prefixOfHead(adapter, given);
  const files = withPrefix(given, prefix);
  const orientation = orientationOf(adapter.config, modelTypeOf(config), adapter.layers.keys(), files);
  const untied = findUntied(adapter, files, config);
  const added = new Map<string, AddedTensor>();
  if (untied?.isNew) {
    added.set(untied.output, { ...files.info(untied.embedding), copyOf: untied.embedding });
    // The biases are tied as long as the weights are.
    const bias = untied.output.replace(/weight$/, "bias");
    const twin = twinOf(bias);
    if (twin !== null && files.has(twin) && !files.has(bias)) added.set(bias, { ...files.info(twin), copyOf: twin });
  }
  const fitting = withTiedBias({ ...adapter, config: orientation.config }, withAdded(files, added));
  checkAdapter(fitting, withAdded(files, added));
  const warnings = orientation.warning === null ? [] : [orientation.warning];
  const heads = newHeads(fitting, withAdded(files, added));
  for (const [name, head] of heads) added.set(name, head);
  const head = heads.size === 0 ? null : headOf(adapter, [...heads.keys()], config);
  if (head !== null) warnings.push(headWarning(head));
  const base = withAdded(files, added);
  if (untied !== null)
    warnings.push(
      `${clip(untied.embedding)} is both the word embeddings and the output; the adapter changes one of them, so the output gets a ` +
        `weight of its own, ${clip(untied.output)}, and config.json says tie_word_embeddings: false`,
    );
  const changes = changesOf(base, fitting, orientation.isInFirst, untied);
  for (const name of changes.keys()) checkWritable(name, base);
  return { changes, base, added, untied, prefix, head, warnings };
}

const headOf = (adapter: Adapter, names: readonly string[], config: Parameters<typeof planMerge>[2]): NewHead => ({
  names,
  architecture: architectureWithHead(adapter, config),
  count: headLabels(adapter),
});

function checkWritable(name: string, base: OpenTensorFile): void {
  const { dtype } = base.info(name);
  if (floatTypes.includes(dtype)) return;
  throw new UnsupportedError(
    `merge: ${clip(name)} is ${dtype}; ${floatTypes.join(", ")} can be merged into: take the model's files before they were quantised`,
    { tensor: name, dtype },
  );
}

/** Whole modules of the adapter that the base lacks, such as a classifier. */
function newHeads({ layers, extra }: Adapter, base: OpenTensorFile): Map<string, AddedTensor> {
  const paths = relatePaths([...layers.keys()], new Set(base.names));
  const heads = new Map<string, AddedTensor>();
  for (const [name, { shape }] of withoutCopies(extra)) {
    const own = paths.toBase(baseTensor(name));
    if (base.has(own)) continue;
    if (isTokenRows(name)) throw noPlaceFor(name);
    // Beside names without the adapter model's prefix, it would be read as one of the base's own.
    const [layer = ""] = layers.keys();
    if (paths.toBase(layer) !== layer) throw noPlaceFor(name);
    const { dtype } = base.info(`${paths.toBase(layer)}.weight`);
    heads.set(own, { dtype, shape, copyOf: null });
  }
  return heads;
}

function changesOf(
  base: OpenTensorFile,
  { config, layers, extra }: Adapter,
  isInFirst: ReturnType<typeof orientationOf>["isInFirst"],
  untied: Untied | null,
): Map<string, Change> {
  const paths = relatePaths([...layers.keys()], new Set(base.names));
  const changes = new Map<string, Change>();
  const change = (own: string, how: Change, name: string) => {
    if (changes.has(own))
      throw new AdapterError(
        `merge: the adapter changes ${clip(own)} twice, once by ${clip(name)}: which of the two counts cannot be told; keep base and adapter apart`,
        { op: "merge", tensor: own, name },
      );
    changes.set(own, how);
  };
  for (const [name, tensor] of withoutCopies(extra)) {
    // PEFT writes the base's own weight beside an adapted embedding; the base has it already.
    const own = paths.toBase(baseTensor(name));
    if (!base.has(own)) throw noPlaceFor(name);
    if (/\.base_layer\./.test(name) && name.endsWith(".weight")) continue;
    // The part that the whole module replaces.
    if (isOriginal(name)) continue;
    if (isTokenRows(name)) {
      const table = { path: baseTensor(name).slice(0, -".weight".length), shape: base.info(own).shape };
      const indices = rowsOfTable("merge", { name, shape: tensor.shape }, table, config);
      change(own, { kind: "rows", indices, values: tensor.data }, name);
    } else change(own, { kind: "replace", values: tensor.data }, name);
  }
  for (const [path, layer] of layers) {
    const target = paths.toBase(path);
    const { shape } = base.info(`${target}.weight`);
    const update = rowUpdate(layer, isInFirst(path, layer, shape));
    const embedding = layer.kind === "embedding";
    // Trained rows of an embedding are also those of the tied output.
    const ofTable = `${target}.weight` === untied?.output ? changes.get(untied.embedding) : undefined;
    const rows = ofTable?.kind === "rows" ? ofTable : null;
    change(`${target}.weight`, { kind: "update", module: path, embedding, update, rows }, path);
    if (layer.bias === undefined) continue;
    const name = `${target}.bias`;
    if (!base.has(name)) throw noPlaceFor(`${path}.lora_B.bias`);
    const values = layer.bias.data.map((value) => value * layer.scaling);
    const before = changes.get(name);
    // A trained bias is in the file as a whole.
    if (before?.kind === "replace")
      changes.set(name, { kind: "replace", values: before.values.map((value, i) => value + values[i]!) });
    else changes.set(name, { kind: "add", values });
  }
  return changes;
}

function noPlaceFor(name: string): AdapterError {
  return new AdapterError(
    `merge: the adapter holds ${clip(name)}, which the base has no place for; keep base and adapter apart`,
    { name },
  );
}

/** A tensor of the merged model that the base lacks. */
interface AddedTensor extends TensorInfo {
  /** The base's tensor with its initial values; null if a change sets all of them. */
  readonly copyOf: string | null;
}

/** A base's tensors together with added ones. */
function withAdded(base: OpenTensorFile, added: ReadonlyMap<string, AddedTensor>): OpenTensorFile {
  if (added.size === 0) return base;
  const source = (name: string) => added.get(name)?.copyOf ?? name;
  return {
    names: [...base.names, ...added.keys()],
    metadata: base.metadata,
    has: (name) => added.has(name) || base.has(name),
    info(name) {
      const { dtype, shape } = added.get(name) ?? base.info(name);
      return { dtype, shape };
    },
    tensor: async (name) => base.tensor(source(name)),
    raw: async (name, begin, end, into) => base.raw(source(name), begin, end, into),
    close: () => base.close(),
  };
}

const ofOutput = /\.decoder\.bias$/;

/** The second name of an output layer's bias in models like BERT and RoBERTa: "X.bias" for "X.decoder.bias". */
const twinOf = (bias: string) => (ofOutput.test(bias) ? bias.replace(ofOutput, ".bias") : null);

/**
 * Renames such a bias in an adapter to the name that the base has: with bias "all" PEFT writes both names of one parameter. Throws
 * `AdapterError` if both exist and differ.
 * @internal exported for its tests
 */
export function withTiedBias(adapter: Adapter, { names }: Pick<BaseIndex, "names">): Adapter {
  const { layers, extra } = adapter;
  const inBase = new Set(names);
  const paths = relatePaths([...layers.keys()], inBase);
  const own = (name: string) => paths.toBase(baseTensor(name));
  const known = new Map([...extra].map(([name, tensor]) => [own(name), tensor]));
  const kept = new Map<string, Tensor>();
  for (const [name, tensor] of extra) {
    const twin = inBase.has(own(name)) ? null : twinOf(own(name));
    if (twin === null || !inBase.has(twin)) {
      kept.set(name, tensor);
      continue;
    }
    const other = known.get(twin);
    if (other === undefined) kept.set(name.replace(/\.decoder(\.base_layer)?\.bias$/, ".bias"), tensor);
    else if (other.data.length !== tensor.data.length || other.data.some((x, i) => !Object.is(x, tensor.data[i])))
      throw new AdapterError(
        `adapter: ${clip(name)} and ${clip(twin)} are one bias of the base, and differ: which of the two counts cannot be told`,
        { tensor: name, name: twin },
      );
  }
  return kept.size === extra.size && [...kept.keys()].every((name) => extra.has(name))
    ? adapter
    : { ...adapter, extra: kept };
}

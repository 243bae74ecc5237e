import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { type ByteSource } from "../../io/byte-source.js";
import { type GgufFile, openGguf } from "../../io/gguf/index.js";
import { type WrittenValue, writeGguf } from "../../io/gguf/write.js";
import { type Adapter, adapterConfig, type AdapterLayer } from "../../io/peft/index.js";
import { transpose } from "../../io/peft/conv1d.js";
import type { DecoderConfig } from "../decoder/config.js";
import type { Tensor } from "../../values/tensor.js";
import { ggufNames } from "./names.js";
import { headsOf, ordersOf, type RowOrder, rowsOrdered, rowsReordered, type TensorOrders } from "./rows.js";

/** What an adapter's file depends on besides the adapter. */
export interface AdaptedDecoder {
  /** `model_type` of config.json. */
  readonly modelType: string;
  readonly config: Pick<DecoderConfig, "heads" | "kvHeads" | "layers" | "attention" | "tied">;
}

/** Orders of the rows of a layer's B and of the columns of its A in such a file, by path. They throw `AdapterError` if the heads do not divide them. */
function adapterOrders({ modelType, config }: AdaptedDecoder): TensorOrders {
  const { architecture } = ggufNames(modelType);
  const fail = (part: string) => (path: string, problem: string) =>
    new AdapterError(`loadGguf: ${part} of ${excerpt(path)} ${problem}`, { module: path });
  return ordersOf(architecture, headsOf(config), fail("B"), fail("A"));
}

/** A matrix with its rows moved by `move`; without an order as it is. */
const moved = (given: Tensor, order: RowOrder | null, move: typeof rowsOrdered): Tensor =>
  order === null ? given : { ...given, data: move(given.data, given.shape[0]!, order) };

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * An adapter as llama.cpp loads it: a GGUF LoRA in float32. A layer's scaling that is not α/rank is put into its B.
 *
 * Throws `UnsupportedError` for adapters that are more than low-rank updates of linear layers (DoRA, biases, whole tensors, tables),
 * and for models that GGUF files have no names for.
 */
export function writeGgufAdapter(adapter: Adapter, model: AdaptedDecoder, name: string): Uint8Array<ArrayBuffer> {
  const { config, layers, extra } = adapter;
  const names = ggufNames(model.modelType);
  if (extra.size > 0) throw moreThanUpdates([...extra.keys()][0]!);
  const alpha = [...layers.values()][0]?.alpha ?? config.loraAlpha;
  const orders = adapterOrders(model);
  const tensors = [...layers].flatMap(([path, layer]) => {
    const weight = names.weightOf(path);
    if (weight === null || layer.kind !== "linear" || layer.bias || layer.magnitude) throw moreThanUpdates(path);
    if (model.config.tied && weight === "output.weight")
      throw new UnsupportedError(
        `saveGguf: ${excerpt(path)} is the table of words in this model's GGUF files, which an update of it alone is not for: merge it instead`,
        { op: "saveGguf", module: path },
      );
    const { loraA, loraB, rank, scaling } = layer;
    const b = transpose(loraB);
    // llama.cpp's scaling is α/rank with one α for all layers.
    const factor = alpha === 0 ? 0 : (scaling * rank) / alpha;
    const scaled = factor === 1 ? b : { shape: b.shape, data: b.data.map((value) => value * factor) };
    const rows = moved(scaled, orders.rows(path, b.shape[0]!), rowsOrdered);
    const a = transpose(moved(loraA, orders.columns(path, loraA.shape[0]!), rowsOrdered));
    return [
      { name: `${weight}.lora_a`, type: "F32", shape: a.shape, data: bytesOf(a) },
      { name: `${weight}.lora_b`, type: "F32", shape: b.shape, data: bytesOf(rows) },
    ];
  });
  const metadata = new Map<string, WrittenValue>([
    ["general.architecture", names.name],
    ["general.type", "adapter"],
    ["general.name", name],
    ["adapter.type", "lora"],
    ["adapter.lora.alpha", { float32: alpha === 0 ? 1 : alpha }],
  ]);
  return writeGguf(metadata, tensors);
}

const moreThanUpdates = (name: string) =>
  new UnsupportedError(
    `saveGguf: ${excerpt(name)} is more than a low-rank update of a linear layer, which is all that GGUF adapters hold: merge it instead`,
    { op: "saveGguf", module: name },
  );

/**
 * Reads a GGUF LoRA for a model, and closes the source. Throws `AdapterError` for other GGUF files and other architectures, `FormatError`
 * for files that are not GGUF.
 */
export async function readGgufAdapter(source: ByteSource, model: AdaptedDecoder): Promise<Adapter> {
  const file = await openGguf(source, "GGUF adapter");
  try {
    return await adapterOf(file, model);
  } finally {
    await file.close();
  }
}

async function adapterOf(file: GgufFile, model: AdaptedDecoder): Promise<Adapter> {
  const names = ggufNames(model.modelType);
  const wanted = { "general.type": "adapter", "adapter.type": "lora", "general.architecture": names.name };
  for (const [key, value] of Object.entries(wanted))
    if (file.metadata.get(key) !== value)
      throw new AdapterError(`loadGguf: ${key} must be ${excerpt(value)}, got ${excerpt(file.metadata.get(key))}`, {
        op: "loadGguf",
        key,
        value: file.metadata.get(key),
      });
  const alpha = file.metadata.get("adapter.lora.alpha");
  if (typeof alpha !== "number" || !Number.isFinite(alpha))
    throw new AdapterError(`loadGguf: adapter.lora.alpha must be a number, got ${excerpt(alpha)}`, {
      op: "loadGguf",
      key: "adapter.lora.alpha",
      value: alpha,
    });
  const layers = new Map<string, AdapterLayer>();
  const orders = adapterOrders(model);
  const known = new Set<string>();
  for (const name of file.names) {
    const weight = name.replace(/\.lora_[ab]$/, "");
    const path = names.pathOf(weight);
    if (path === null || weight === name)
      throw new AdapterError(`loadGguf: ${excerpt(name)} is no A or B of a linear layer of this model`, {
        tensor: name,
      });
    if (known.has(path)) continue;
    known.add(path);
    for (const part of ["lora_a", "lora_b"])
      if (!file.has(`${weight}.${part}`))
        throw new AdapterError(`loadGguf: there is no ${weight}.${part} beside ${excerpt(name)}`, { tensor: name });
    layers.set(path, await layerOf(file, weight, path, orders, alpha));
  }
  const ranks = [...layers.values()].map(({ rank }) => rank);
  const r = ranks[0] ?? 1;
  const config = adapterConfig({
    r,
    loraAlpha: alpha,
    targetModules: [...layers.keys()],
    taskType: "CAUSAL_LM",
    rankPattern: new Map([...layers].filter(([, { rank }]) => rank !== r).map(([path, { rank }]) => [path, rank])),
  });
  return { config, layers, extra: new Map() };
}

async function layerOf(
  file: GgufFile,
  weight: string,
  path: string,
  orders: TensorOrders,
  alpha: number,
): Promise<AdapterLayer> {
  const [a, b] = [await file.tensor(`${weight}.lora_a`), await file.tensor(`${weight}.lora_b`)];
  const [rank, rows] = [a.shape[0] ?? 0, b.shape[0] ?? 0];
  if (a.shape.length !== 2 || b.shape.length !== 2 || b.shape[1] !== rank || rank === 0)
    throw new AdapterError(`loadGguf: A and B of ${weight} are no [rank, in] and [out, rank]`, { tensor: weight });
  const loraB = transpose(moved(b, orders.rows(path, rows), rowsReordered));
  const own = transpose(a);
  const loraA = moved(own, orders.columns(path, own.shape[0]!), rowsReordered);
  return { kind: "linear", loraA, loraB, rank, alpha, scaling: alpha / rank };
}

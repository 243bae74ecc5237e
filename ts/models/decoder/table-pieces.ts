import type { AdaptedEmbedding } from "../../adapters/adapted-embedding.js";
import { StoredWeight } from "../../graph/frozen/stored-weight.js";
import type { GraphMemory } from "../../graph/memory.js";
import { newNode } from "../../graph/node.js";
import { decodeTensor, dtypeBits, type OpenTensorFile, type WeightOptions } from "../../io/safetensors/index.js";
import type { WeightFormat } from "../../ops/product/frozen-weight.js";
import { sizeOf } from "../../values/shape.js";
import { formatOf, storedTensor } from "../stored-weights.js";
import type { WeightReader } from "../weight-reader.js";

/** Bytes of a file's tensor that are read at a time: runtimes read fewer than 2³¹ at once. */
const PIECE = 2 ** 28;

/** As `WeightReader.table`, of a table of any size: `frozenMatrix` has at most as many elements as float32 memory. */
export async function readLargeTable(reader: WeightReader, path: string): Promise<AdaptedEmbedding> {
  const { graph, file, options } = reader;
  const key = reader.nameOf(`${path}.weight`);
  const format = formatOf(options.weights, file, [key]);
  const bytes = await storedPieces(graph, file, key, format, options);
  const shape = file.info(key).shape as readonly [number, number];
  const table = graph.attempt.run(() => {
    const frozen = StoredWeight.of(graph, { shape, format, transposed: false, bytes });
    const value = { shape, size: sizeOf(shape), pointer: 0 };
    return graph.push(newNode(value, false, null, undefined, undefined, undefined, true, 0, frozen));
  });
  return reader.keepTable(path, table);
}

/**
 * A matrix of any size in its stored format, as `storedTensor` makes it, read in pieces of whole rows.
 * @param most bytes of the file in a piece
 * @internal exported for its tests
 */
export async function storedPieces(
  graph: GraphMemory,
  file: OpenTensorFile,
  name: string,
  format: WeightFormat,
  options: WeightOptions,
  most = PIECE,
): Promise<readonly Uint8Array[]> {
  const [rows = 0, width = 0] = file.info(name).shape;
  const row = rowBytes(file, name, width);
  const count = Math.max(1, Math.floor(most / Math.max(1, row)));
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < rows; start += count)
    pieces.push(await storedTensor(graph, rowsOf(file, name, row, start, Math.min(rows, start + count)), name, format, options)); // prettier-ignore
  return pieces;
}

/** Bytes of a row in the file. */
function rowBytes({ grouped, info }: OpenTensorFile, name: string, width: number): number {
  if (grouped !== undefined && grouped.nearest(name) !== null) return grouped.rowBytes(name);
  return width * (dtypeBits[info(name).dtype] / 8);
}

/** A file whose tensor of this name has some of its rows alone. */
function rowsOf(file: OpenTensorFile, name: string, row: number, start: number, end: number): OpenTensorFile {
  const { grouped } = file;
  const { dtype, shape } = file.info(name);
  const info = () => ({ dtype, shape: [end - start, ...shape.slice(1)] });
  const raw: OpenTensorFile["raw"] = (_, from = 0, to = row * (end - start)) =>
    file.raw(name, row * start + from, row * start + to);
  const tensor = async () => {
    const bytes = await raw(name);
    const isGrouped = grouped !== undefined && grouped.nearest(name) !== null;
    return { shape: info().shape, data: isGrouped ? grouped.values(name, bytes) : decodeTensor(bytes, dtype, name) };
  };
  return { ...file, info, raw, tensor };
}

import type { Kernels } from "../../engine/kernels.js";
import { namingTraps } from "../../engine/trap.js";
import { ConfigError } from "../../errors/errors.js";
import type { Pointer } from "../../ops/op.js";
import {
  formatNumber,
  groupLength,
  keptLength,
  packedLength,
  rowsTogether,
  storedLength,
  type WeightFormat,
  weightFormats,
} from "../../ops/product/frozen-weight.js";
import { checkLengths, checkShape, checkSize, sizeOf, wrongShape } from "../../values/tensor.js";
import { changed, fixedBytes, isBytes } from "../../arguments/typed-array.js";
import { FrozenMatrix } from "./frozen-weight.js";
import { checkGraph, type Graph } from "../graph.js";
import type { GraphMemory } from "../memory.js";
import { newNode, type Node, type NodeId } from "../node.js";
import type { Engine } from "../../engine/running.js";
import { or, readOptions } from "../../arguments/options.js";
import { flag, oneOf, unexpected } from "../../arguments/settings.js";

// Functions, not methods of `Graph`, so that bundlers leave them out of programs that load no model.

/** A frozen weight with its own memory, in the format in which it was given. */
export class StoredWeight extends FrozenMatrix {
  /**
   * Allocates and fills its memory. A float32 weight that is stored `[out, in]`, as a linear layer's is, is kept in panels only: the
   * product reads nothing else, and they hold the same numbers.
   */
  static of(
    memory: GraphMemory,
    { shape, format, transposed, bytes }: StoredMatrix,
    forProduct: boolean = transposed,
  ): StoredWeight {
    const length = bytesOf(memory.engine.kernels, { shape, format, transposed });
    const given = bytes.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (given !== length) throw changed(length, given);
    const write = (pointer: Pointer) => {
      let at = pointer;
      for (const part of bytes) {
        memory.engine.write(at, part, part.byteLength);
        at += part.byteLength;
      }
    };
    const of = (pointer: Pointer) =>
      new StoredWeight(memory, shape, format, transposed ? 1 : 0, pointer, false, forProduct);
    if (format !== "f32" || !forProduct) {
      const [rows, width] = transposed ? [shape[1], shape[0]] : shape;
      const pointer = memory.allocateOwned(Math.ceil(keptLength(memory.engine.kernels, format, rows, width) / 4));
      write(pointer);
      if (groupLength(format) > 1) interleave(memory, format, width, rows, pointer, 0);
      return of(pointer);
    }
    const panels = memory.allocateOwned(packedLength(memory.engine.kernels, shape[0], shape[1]));
    memory.withScratch(length / 4, (values) => {
      write(values);
      const [k, n] = shape;
      const [row, column] = transposed ? [1, k] : [n, 1];
      memory.engine.kernels.pack(k, n, values, row, column, panels);
    });
    const weight = of(0);
    weight.panels[0] = panels;
    return weight;
  }

  override withValues(values: Float32Array): StoredWeight {
    const { inFeatures, outFeatures, memory, forProduct } = this;
    const bytes = [new Uint8Array(values.buffer)];
    const matrix = { shape: [inFeatures, outFeatures], format: "f32", transposed: false, bytes } as const;
    return StoredWeight.of(memory, matrix, forProduct);
  }

  /** The stored matrix; if there are only panels, as float32 `[in, out]`. */
  stored(): StoredMatrix {
    const { inFeatures, outFeatures, format, pointer, memory } = this;
    const shape = [inFeatures, outFeatures] as const;
    if (pointer === 0) {
      const bytes = memory.withScratch(inFeatures * outFeatures, (values) => {
        this.columns(0, outFeatures, values);
        return memory.engine.readBytes(values, 4 * inFeatures * outFeatures);
      });
      return { shape, format, transposed: false, bytes: [bytes] };
    }
    const transposed = this.transposed === 1;
    const { engine } = memory;
    const length = bytesOf(engine.kernels, { shape, format, transposed });
    if (groupLength(format) === 1) return { shape, format, transposed, bytes: [engine.readBytes(pointer, length)] };
    const [rows, width] = transposed ? [outFeatures, inFeatures] : shape;
    return { shape, format, transposed, bytes: singleRows(memory, format, width, rows, pointer) };
  }
}

/** Bytes that are de-interleaved at a time. */
const PIECE = 1 << 20;

/** Interleaves rows into blocks, or back, in place; the memory has room for whole blocks. */
function interleave(
  memory: GraphMemory,
  format: WeightFormat,
  width: number,
  rows: number,
  data: Pointer,
  back: 0 | 1,
): void {
  const { kernels } = memory.engine;
  const block = keptLength(kernels, format, 1, width);
  memory.withScratch(Math.ceil(block / 4), (scratch) =>
    kernels.interleave_rows(formatNumber(format), width, rows, data, scratch, back),
  );
}

/** The bytes of interleaved rows, row by row. */
function singleRows(
  memory: GraphMemory,
  format: WeightFormat,
  width: number,
  rows: number,
  data: Pointer,
): Uint8Array[] {
  const { engine } = memory;
  const row = storedLength(engine.kernels, format, 1, width);
  const together = rowsTogether(format);
  const most = together * Math.max(1, Math.floor(PIECE / Math.max(1, together * row)));
  const pieces: Uint8Array[] = [];
  memory.withScratch((most * row) / 4, (copy) => {
    for (let start = 0; start < rows; start += most) {
      const count = Math.min(most, rows - start);
      engine.kernels.copy((Math.ceil(count / together) * together * row) / 4, data + start * row, copy);
      interleave(memory, format, width, count, copy, 1);
      pieces.push(engine.readBytes(copy, count * row));
    }
  });
  return pieces;
}

/** Size in bytes of a stored matrix. */
function bytesOf(kernels: Kernels, { shape, format, transposed }: Omit<StoredMatrix, "bytes">): number {
  const [rows, width] = transposed ? [shape[1], shape[0]] : shape;
  return storedLength(kernels, format, rows, width);
}

/**
 * A matrix without a gradient, kept in its format and decoded on use; results are bit-identical to those with the float32 matrix of its
 * values. `linear`, `loraLinear` and `embedding` use it directly; for other ops it becomes float32 until the step ends. A float32 one that
 * is `transposed` is kept in the matrix product's order, in as much memory. Inside a step it is an ordinary float32 constant.
 *
 * @param matrix its shape, format, whether the bytes are the transpose's, and the bytes, which are copied
 * Throws `ShapeError` or `ConfigError` for an invalid matrix.
 */
export function frozenMatrix(graph: Graph, matrix: StoredMatrixInput): NodeId {
  const read = readFor("frozenMatrix", graph, matrix);
  return graph.attempt.run(() => {
    const frozen = StoredWeight.of(graph, read);
    const value = { shape: read.shape, size: sizeOf(read.shape), pointer: 0 };
    if (graph.inStep) {
      const pointer = graph.arena.allocate(value.size);
      frozen.columns(0, frozen.outFeatures, pointer);
      const id = graph.push(newNode({ ...value, pointer }, false));
      frozen.release();
      return id;
    }
    return graph.push(newNode(value, false, null, undefined, undefined, undefined, true, 0, frozen));
  });
}

/** A copy of a frozen matrix's contents; a float32 one may come back transposed. Throws `ConfigError` for other nodes. */
export function storedMatrix(graph: Graph, id: NodeId): StoredMatrix {
  const { frozen } = storedNode("storedMatrix", graph, id);
  return namingTraps(() => frozen.stored());
}

/** Replaces a frozen matrix, in any format. Throws `ShapeError` for another shape, `ConfigError` for other nodes. */
export function setStoredMatrix(graph: Graph, id: NodeId, matrix: StoredMatrixInput): void {
  const read = readFor("setStoredMatrix", graph, matrix);
  graph.assertOutsideSegment("setStoredMatrix");
  const node = storedNode("setStoredMatrix", graph, id);
  checkShape("setStoredMatrix", "the matrix", read.shape, node.value.shape, "the node's ");
  const former = node.frozen;
  const forProduct = read.transposed || former.forProduct;
  node.frozen = graph.attempt.run(() => StoredWeight.of(graph, read, forProduct));
  former.release();
}

function readFor(what: string, graph: Graph, matrix: StoredMatrixInput): StoredMatrix {
  checkGraph(what, graph).assertUsable();
  return readStored(what, matrix, graph.engine);
}

function storedNode(what: string, graph: Graph, id: NodeId): Node & { frozen: StoredWeight } {
  const node = checkGraph(what, graph).node(id);
  if (node.frozen instanceof StoredWeight) return node as Node & { frozen: StoredWeight };
  throw new ConfigError(`${what}: node ${id} is not one that \`frozenMatrix\` made`, { op: what, node: id });
}

/** A matrix in a file's format. */
export interface StoredMatrix {
  /** Shape of the matrix: `[in, out]` of a linear layer, `[rows, d]` of a table. */
  readonly shape: readonly [number, number];
  /** Format of an element. */
  readonly format: WeightFormat;
  /** Whether the bytes are those of the transpose, as of linear layers in files: `[out, in]`. */
  readonly transposed: boolean;
  /** Row by row, little-endian; one or more pieces in order. */
  readonly bytes: readonly Uint8Array[];
}

/** Input of `frozenMatrix`: `transposed` is false by default; the bytes may be one piece or several. */
export type StoredMatrixInput = Omit<StoredMatrix, "transposed" | "bytes" | "shape"> & {
  readonly shape: readonly number[];
  readonly transposed?: boolean | undefined;
  readonly bytes: Uint8Array | readonly Uint8Array[];
};

const readers = {
  shape: (what: string, _: string, value: unknown) => checkSize(what, checkLengths(what, value as number[])),
  format: (what: string, name: string, value: unknown) => oneOf(what, name, value, weightFormats),
  // Pure, so that bundlers leave it out.
  transposed: /* @__PURE__ */ or(false, flag),
  bytes: (what: string, name: string, value: unknown): readonly Uint8Array[] => {
    const given: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
    const pieces: Uint8Array[] = [];
    // Element by element: a list may claim to be longer than memory.
    for (let i = 0; i < given.length; i++) {
      const piece = given[i];
      if (!isBytes(piece)) throw unexpected(what, name, "a Uint8Array or a list of them", piece);
      pieces.push(fixedBytes(piece));
    }
    return pieces;
  },
};

/**
 * Reads a caller's matrix, each field once; no user code runs afterwards, so its length stays. Windows on linear memory are copied, as in
 * `readTensor`. Throws `ShapeError` for an invalid shape, `ConfigError` for an unknown format, and for bytes that do not match shape and
 * format.
 */
function readStored(what: string, given: StoredMatrixInput, engine: Engine): StoredMatrix {
  const { shape, bytes: pieces, ...rest } = readOptions(what, given, readers);
  if (shape.length !== 2) throw wrongShape(what, "the matrix", "[rows, columns]", shape);
  const bytes = pieces.map((piece) => (engine.shows(piece) ? new Uint8Array(piece) : piece));
  const matrix = { shape: shape as readonly number[] as readonly [number, number], bytes, ...rest };
  const [rows, columns] = matrix.transposed ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!];
  const expected = storedLength(engine.kernels, matrix.format, rows, columns);
  const length = bytes.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (length !== expected) {
    const all = `${rows} rows of ${columns} elements in ${matrix.format}`;
    throw new ConfigError(`${what}: ${all} are ${expected} bytes, got ${length}`, {
      op: what,
      expected,
      actual: length,
    });
  }
  return matrix;
}

import { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import { AdaptedLinear } from "../adapters/adapted-linear.js";
import { AdaptedNorm, type NormForm } from "../adapters/adapted-norm.js";
import { frozenMatrix } from "../graph/frozen/stored-weight.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { transpose } from "../io/peft/conv1d.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";
import type { Tensor } from "../values/tensor.js";
import { linear, type LinearShape, type LoadWeightOptions, totalWidth, widthsOf } from "./architecture.js";
import { formatOf, storedTensor, weightTensor } from "./stored-weights.js";
import { checkTensor, type TensorNames } from "./file-tensors.js";

/** A view of a file with matrices `[in, out]`, as Conv1D's, that has them `[out, in]`. Reads whole tensors only. */
export function transposedFile({ grouped, outFirst, ...file }: OpenTensorFile): OpenTensorFile {
  if (outFirst !== undefined) return outFirst;
  return {
    ...file,
    info(name) {
      const { dtype, shape } = file.info(name);
      return { dtype, shape: [...shape].reverse() };
    },
    tensor: async (name) => transpose(await file.tensor(name)),
    async raw(name) {
      // Groups run along rows, so the transposed matrix would have other groups.
      if ((grouped?.nearest(name) ?? null) !== null)
        return new Uint8Array(transpose(await file.tensor(name)).data.buffer);
      const [rows = 0, columns = 0] = file.info(name).shape;
      return transposedBytes(await file.raw(name), rows, columns);
    },
  };
}

/** Transposes the bytes of a matrix `[rows, columns]` with elements of any size. */
function transposedBytes(bytes: Uint8Array, rows: number, columns: number): Uint8Array {
  const size = bytes.length / Math.max(rows * columns, 1);
  const Elements = { 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[size] ?? Uint8Array;
  const from = new Elements(new Uint8Array(bytes).buffer);
  const to = new Elements(from.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
  return new Uint8Array(to.buffer);
}

export interface NormOptions {
  /** Default true. */
  readonly hasBias?: boolean;
  /** Default "layer". */
  readonly form?: NormForm;
  /** What the file calls it; default its module path. */
  readonly name?: string;
}

/** Reads tensors of shapes that have been checked, frozen, into a graph. */
export class WeightReader {
  /** The linear layers that were read. */
  readonly linears: AdaptedLinear[] = [];
  /** Paths of layers that were looked for, and that the file does not have. */
  readonly absent: string[] = [];
  /** The norms that were read, which adapters may change. */
  readonly norms: AdaptedNorm[] = [];
  /** The tables that were read, likewise. */
  readonly tables: AdaptedEmbedding[] = [];

  constructor(
    readonly graph: Graph,
    readonly file: OpenTensorFile,
    readonly nameOf: TensorNames,
    readonly options: LoadWeightOptions,
  ) {}

  /** A table whose rows are looked up, by its module path. */
  async table(path: string): Promise<AdaptedEmbedding> {
    const key = this.nameOf(`${path}.weight`);
    const format = formatOf(this.options.weights, this.file, [key]);
    const bytes = await storedTensor(this.graph, this.file, key, format, this.options);
    return this.keepTable(path, frozenMatrix(this.graph, { shape: this.file.info(key).shape, format, bytes }));
  }

  /** A small table, of which all texts have row 0: in float32 whatever the matrices are. */
  async smallTable(path: string): Promise<AdaptedEmbedding> {
    const { shape, data } = await this.tensor(`${path}.weight`);
    const bytes = new Uint8Array(Float32Array.from(data).buffer);
    return this.keepTable(path, frozenMatrix(this.graph, { shape, format: "f32", bytes }));
  }

  /** Adds a table to those that were read. */
  keepTable(path: string, table: NodeId): AdaptedEmbedding {
    const embedding = new AdaptedEmbedding(this.graph, path, table);
    this.tables.push(embedding);
    return embedding;
  }

  async norm(path: string, { hasBias = true, form = "layer", name = path }: NormOptions): Promise<AdaptedNorm> {
    const weight = await this.constant(`${name}.weight`);
    const bias = hasBias ? await this.constant(`${name}.bias`) : null;
    const norm = new AdaptedNorm(this.graph, path, weight, bias, form);
    this.norms.push(norm);
    return norm;
  }

  /** Layers of one input, side by side: files hold `[out, in]` each, so that they stand one below the other. */
  async linear(shape: LinearShape): Promise<AdaptedLinear> {
    const { paths, tensors = paths, inFeatures, hasBias = true, inFirst = false, adaptable = true } = shape;
    const { graph, file, options } = this;
    const widths = widthsOf(shape);
    const columns = totalWidth(shape);
    const bias = new Float32Array(columns);
    const keys = tensors.map((name) => this.nameOf(`${name}.weight`));
    const transposed = inFirst ? transposedFile(file) : file;
    const format = formatOf(options.weights, transposed, keys);
    const bytes: Uint8Array[] = [];
    let read = 0;
    for (const [part, name] of tensors.entries()) {
      bytes.push(await storedTensor(graph, transposed, keys[part]!, format, options));
      if (!hasBias) continue;
      const { data } = await this.tensor(`${name}.bias`);
      bias.set(data, read);
      read += data.length;
    }
    let start = 0;
    const parts = paths.map((path, part) => {
      const width = widths[part]!;
      start += width;
      return { path, start: start - width, width };
    });
    const made = new AdaptedLinear(
      graph,
      frozenMatrix(graph, { shape: [inFeatures, columns], format, transposed: true, bytes }),
      graph.constant({ shape: [columns], data: bias }),
      parts,
      hasBias,
      adaptable,
    );
    this.linears.push(made);
    return made;
  }

  /** A linear layer that not every file has; null where it is not there. Throws `ModelError` where it has another shape. */
  async linearIfThere(shape: LinearShape): Promise<AdaptedLinear | null> {
    for (const { name, shape: expected } of linear(shape)) {
      const tensor = this.nameOf(name);
      if (!this.file.has(tensor)) {
        this.absent.push(...shape.paths);
        return null;
      }
      checkTensor(this.file, tensor, expected);
    }
    return this.linear(shape);
  }

  /** Loads a tensor in float32, by its name. */
  async constant(name: string): Promise<NodeId> {
    return this.graph.constant(await this.tensor(name));
  }

  /** Reads a tensor as float32, on the host. */
  private tensor(name: string): Promise<Tensor> {
    return weightTensor(this.file, this.nameOf(name), this.options);
  }
}

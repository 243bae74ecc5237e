import { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import { AdaptedLinear } from "../adapters/adapted-linear.js";
import { AdaptedNorm, type NormForm } from "../adapters/adapted-norm.js";
import { ModelError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { frozenMatrix } from "../graph/frozen/stored-weight.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";
import { formatShape, sameShape, type Tensor } from "../values/tensor.js";
import type { LinearShape, LoadWeightOptions } from "./architecture.js";
import { totalWidth, widthsOf } from "./named-shapes.js";
import { formatOf, storedTensor } from "./stored-weights.js";
import type { TensorNames } from "./tensor-check.js";
import { transposedFile } from "./transposed-file.js";
import { weightTensor } from "./weight-tensor.js";

/** Reads tensors of shapes that have been checked, frozen, into a graph. */
export class WeightReader {
  /** The norms that were read, which adapters may change. */
  readonly norms: AdaptedNorm[] = [];
  /** The tables that were read, likewise. */
  readonly tables: AdaptedEmbedding[] = [];

  constructor(
    private readonly graph: Graph,
    private readonly file: OpenTensorFile,
    private readonly nameOf: TensorNames,
    private readonly options: LoadWeightOptions,
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

  private keepTable(path: string, table: NodeId): AdaptedEmbedding {
    const embedding = new AdaptedEmbedding(this.graph, path, table);
    this.tables.push(embedding);
    return embedding;
  }

  /** @param options.name what the file calls it; default its module path */
  async norm(
    path: string,
    { hasBias = true, form = "layer", name = path }: { hasBias?: boolean; form?: NormForm; name?: string } = {},
  ): Promise<AdaptedNorm> {
    const weight = this.graph.constant(await this.tensor(`${name}.weight`));
    const bias = hasBias ? this.graph.constant(await this.tensor(`${name}.bias`)) : null;
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
    return new AdaptedLinear(
      graph,
      frozenMatrix(graph, { shape: [inFeatures, columns], format, transposed: true, bytes }),
      graph.constant({ shape: [columns], data: bias }),
      parts,
      hasBias,
      adaptable,
    );
  }

  /** A linear layer that not every file has; null where it is not there. Throws `ModelError` where it has another shape. */
  async linearIfThere(shape: LinearShape): Promise<AdaptedLinear | null> {
    const [path] = shape.paths as readonly [string];
    const width = totalWidth(shape);
    const expected = { weight: [width, shape.inFeatures], bias: [width] };
    for (const [part, wanted] of Object.entries(expected)) {
      const tensor = this.nameOf(`${path}.${part}`);
      if (!this.file.has(tensor)) return null;
      const { shape: found } = this.file.info(tensor);
      if (sameShape(found, wanted)) continue;
      const message = `model.safetensors: ${tensor} is ${formatShape(found)}; config.json calls for ${formatShape(wanted)}`;
      throw new ModelError(message, { tensor, found, expected: wanted });
    }
    return this.linear(shape);
  }

  /** As float32, on the host. */
  tensor(name: string): Promise<Tensor> {
    return weightTensor(this.file, this.nameOf(name), this.options);
  }
}

import { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import { AdaptedLinear } from "../adapters/adapted-linear.js";
import { AdaptedNorm } from "../adapters/adapted-norm.js";
import { ModelError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { frozenMatrix } from "../graph/frozen/stored-weight.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";
import { formatShape, sameShape, type Tensor } from "../values/tensor.js";
import type { LinearShape, LoadWeightOptions } from "./architecture.js";
import { formatOf, storedTensor, weightTensor } from "./stored-weights.js";
import type { TensorNames } from "./tensor-check.js";

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
    const format = formatOf(this.options.weights, [this.file.info(key).dtype]);
    const bytes = await storedTensor(this.file, key, format, this.options);
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

  /** @param name what the file calls it; default its module path */
  async norm(path: string, hasBias = true, name = path): Promise<AdaptedNorm> {
    const weight = this.graph.constant(await this.tensor(`${name}.weight`));
    const bias = hasBias ? this.graph.constant(await this.tensor(`${name}.bias`)) : null;
    const norm = new AdaptedNorm(this.graph, path, weight, bias);
    this.norms.push(norm);
    return norm;
  }

  /** Layers of one input, side by side: files hold `[out, in]` each, so that they stand one below the other. */
  async linear({
    paths,
    tensors = paths,
    inFeatures,
    outFeatures,
    hasBias = true,
    adaptable = true,
  }: LinearShape): Promise<AdaptedLinear> {
    const { graph, file, options } = this;
    const columns = paths.length * outFeatures;
    const bias = new Float32Array(columns);
    const keys = tensors.map((name) => this.nameOf(`${name}.weight`));
    const format = formatOf(
      options.weights,
      keys.map((key) => file.info(key).dtype),
    );
    const bytes: Uint8Array[] = [];
    for (const [part, name] of tensors.entries()) {
      bytes.push(await storedTensor(file, keys[part]!, format, options));
      if (hasBias) bias.set((await this.tensor(`${name}.bias`)).data, (part * columns) / tensors.length);
    }
    return new AdaptedLinear(
      graph,
      frozenMatrix(graph, { shape: [inFeatures, columns], format, transposed: true, bytes }),
      graph.constant({ shape: [columns], data: bias }),
      paths.map((path, part) => ({ path, start: part * outFeatures, width: outFeatures })),
      hasBias,
      adaptable,
    );
  }

  /** A linear layer that not every file has; null where it is not there. Throws `ModelError` where it has another shape. */
  async linearIfThere(shape: LinearShape): Promise<AdaptedLinear | null> {
    const [path] = shape.paths as readonly [string];
    const expected = { weight: [shape.outFeatures, shape.inFeatures], bias: [shape.outFeatures] };
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

import type { Adapter } from "../../../ts/io/peft/index.js";
import type { TensorFile } from "../../../ts/io/safetensors/index.js";
import type { Tensor } from "../../../ts/values/tensor.js";

/** A matrix as its rows, in double precision. */
export type Rows = number[][];

const row = ({ shape, data }: Tensor, i: number) => [...data.subarray(i * shape[1]!, (i + 1) * shape[1]!)];
const rows = (tensor: Tensor): Rows => Array.from({ length: tensor.shape[0]! }, (_, i) => row(tensor, i));

export const transpose = (a: Rows): Rows => a[0]!.map((_, j) => a.map((values) => values[j]!));
export const add = (a: Rows, b: Rows): Rows => a.map((values, i) => values.map((value, j) => value + b[i]![j]!));
export const scale = (a: Rows, factor: number): Rows => a.map((values) => values.map((value) => value * factor));
export const map = (a: Rows, f: (value: number) => number): Rows => a.map((values) => values.map(f));

export function multiply(a: Rows, b: Rows): Rows {
  const columns = transpose(b);
  return a.map((values) => columns.map((column) => values.reduce((sum, value, k) => sum + value * column[k]!, 0)));
}

/**
 * A base model's weights with an adapter over them, by the definitions of LoRA, DoRA and PEFT's options and without speed in
 * mind: what the readers' answers mean, computed independently of the library's own layers.
 */
export class AdaptedWeights {
  private readonly whole = new Map<string, Tensor>();

  constructor(
    private readonly base: TensorFile,
    private readonly adapter: Adapter | null,
    /** Names of modules whose weight is stored [in, out]. */
    private readonly inFirst: RegExp | null = null,
  ) {
    for (const [name, tensor] of adapter?.extra ?? [])
      if (!name.includes(".original_module."))
        this.whole.set(name.replace(/\.(base_layer|modules_to_save)\./, "."), tensor);
  }

  private tensor(name: string): Tensor {
    return this.whole.get(name) ?? this.base.tensor(name);
  }

  has(name: string): boolean {
    return this.base.has(name);
  }

  vector(name: string): number[] {
    return [...this.tensor(name).data];
  }

  /** A weight as `[in, out]`, adapted. */
  private weight(path: string): Rows {
    const stored = rows(this.tensor(`${path}.weight`));
    const weight = this.inFirst?.test(path) ? stored : transpose(stored);
    const layer = this.adapter?.layers.get(path);
    if (!layer) return weight;
    const sum = add(weight, scale(multiply(rows(layer.loraA), rows(layer.loraB)), layer.scaling));
    if (!layer.magnitude) return sum;
    const norms = transpose(sum).map((column) => Math.hypot(...column));
    return sum.map((values) => values.map((value, j) => (value * layer.magnitude!.data[j]!) / norms[j]!));
  }

  /** x·W + b. */
  linear(path: string, x: Rows): Rows {
    const layer = this.adapter?.layers.get(path);
    let y = multiply(x, this.weight(path));
    if (this.has(`${path}.bias`)) y = y.map((values) => addVector(values, this.vector(`${path}.bias`)));
    if (layer?.bias)
      y = y.map((values) =>
        addVector(
          values,
          [...layer.bias!.data].map((value) => value * layer.scaling),
        ),
      );
    return y;
  }

  /** Rows of a table, adapted where the adapter does. */
  embedding(path: string, ids: readonly number[]): Rows {
    const table = this.tensor(`${path}.weight`);
    const layer = this.adapter?.layers.get(path);
    const picked = ids.map((id) => row(table, id));
    if (!layer) return picked;
    return add(
      picked,
      scale(
        multiply(
          ids.map((id) => row(layer.loraA, id)),
          rows(layer.loraB),
        ),
        layer.scaling,
      ),
    );
  }

  /** A table as the output layer that shares it: x·tableᵀ. */
  tied(path: string, x: Rows): Rows {
    return multiply(x, transpose(rows(this.tensor(`${path}.weight`))));
  }
}

const addVector = (values: number[], vector: number[]) => values.map((value, j) => value + vector[j]!);

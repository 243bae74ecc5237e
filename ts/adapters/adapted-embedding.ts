import { setStoredMatrix, storedMatrix, type StoredMatrix } from "../graph/frozen/stored-weight.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { doraScale, mergeUpdate } from "../nn/low-rank-update.js";
import { lowRankRows } from "../nn/lora-embedding.js";
import type { Tensor } from "../values/tensor.js";
import { type AdapterSelection, rangesInTurn } from "./adapter-selection.js";
import { type AppliedAdapter, hostWeights } from "./adapter-parts.js";

/** A frozen embedding table. Adapters may change it by A·B, or replace rows or all of it. */
export class AdaptedEmbedding {
  readonly rows: number;
  readonly width: number;
  private original: StoredMatrix | null = null;

  constructor(
    private readonly graph: Graph,
    /** The module's path in PEFT: "embeddings.word_embeddings". */
    readonly path: string,
    /** `[rows, width]`, made by `frozenMatrix`. */
    readonly table: NodeId,
  ) {
    [this.rows, this.width] = graph.shape(table) as [number, number];
  }

  /** Rows of the table, `[indices, width]`. The selection's rows are the indices. */
  forward(indices: Int32Array, selection: AdapterSelection): NodeId {
    const { graph } = this;
    return rangesInTurn(graph, indices.length, selection, this.adapts, (adapter, range) =>
      this.lookUp(range === null ? indices : indices.subarray(range.start, range.end), adapter),
    );
  }

  /**
   * Row 0 for each of `count` rows: `[1, width]` if no adapter changes it, else `[count, width]`.
   * @param indices other rows instead
   */
  first(count: number, selection: AdapterSelection, indices?: Int32Array): NodeId {
    if (indices !== undefined) return this.forward(indices, selection);
    const changed = selection.some(({ adapter }) => this.adapts(adapter));
    return changed ? this.forward(new Int32Array(count), selection) : this.graph.embedding(this.table, [0]);
  }

  /** Current rows of the table, `[indices, width]`. */
  rowsOf(indices: readonly number[]): Tensor {
    const { graph, table } = this;
    return graph.step(() => graph.value(graph.embedding(table, indices)));
  }

  /** Whether a tensor is bit-identical to the table as loaded. */
  holds({ data }: Tensor): boolean {
    if (this.original !== null) return false;
    return this.graph.view(this.table, (values) => values.every((value, i) => Object.is(value, data[i])));
  }

  /** Whether an adapter changes it. */
  readonly adapts = ({ layers, whole, tokens }: AppliedAdapter) =>
    layers.has(this.path) || whole.has(`${this.path}.weight`) || tokens.has(this.path);

  /** Writes the table with an adapter's changes; it is float32 while it is merged. */
  merge(adapter: AppliedAdapter): void {
    if (!this.adapts(adapter)) return;
    const { graph, path, width } = this;
    const original = storedMatrix(graph, this.table);
    const { shape, data } = graph.value(adapter.whole.get(`${path}.weight`)?.node ?? this.table);
    const layer = adapter.layers.get(path);
    if (layer !== undefined) mergeUpdate(data, { first: 0, inStep: width, outStep: 1 }, hostWeights(graph, layer));
    const own = adapter.tokens.get(path);
    if (own !== undefined) {
      const rows = graph.value(own.rows).data;
      own.indices.forEach((row, i) => data.set(rows.subarray(i * width, (i + 1) * width), row * width));
    }
    graph.setValue(this.table, { shape, data });
    this.original = original;
  }

  /** Restores the table as loaded, bit by bit. */
  unmerge(): void {
    if (this.original === null) return;
    setStoredMatrix(this.graph, this.table, this.original);
    this.original = null;
  }

  private lookUp(indices: Int32Array, adapter: AppliedAdapter | null): NodeId {
    const { graph, path } = this;
    const table = adapter?.whole.get(`${path}.weight`)?.node ?? this.table;
    const found = graph.embedding(table, indices);
    const layer = adapter?.layers.get(path);
    if (layer !== undefined) {
      const updated = graph.add(found, lowRankRows(graph, indices, layer));
      if (layer.magnitude === null) return updated;
      const all = () => (table === this.table ? graph.columns(table, 0, this.width) : table);
      return graph.mul(updated, doraScale(graph, all, layer, layer.magnitude));
    }
    const own = adapter?.tokens.get(path);
    if (own === undefined) return found;
    // The adapter's rows follow the table's; each index then selects one or the other.
    const place = new Map(own.indices.map((row, i) => [row, indices.length + i]));
    const choice = Int32Array.from(indices, (row, i) => place.get(row) ?? i);
    return graph.embedding(graph.concat([found, own.rows], 0), choice);
  }
}

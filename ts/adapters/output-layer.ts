import { timesTable } from "../graph/decoder-ops.js";
import { tie, tiedMatrix, untie } from "../graph/frozen/tied-matrix.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { type Tensor, zeros } from "../values/tensor.js";
import type { AdaptedEmbedding } from "./adapted-embedding.js";
import { AdaptedLinear } from "./adapted-linear.js";
import type { AdapterSelection, Run } from "./adapter-selection.js";
import type { AppliedAdapter, TokenRows } from "./adapter-parts.js";

/**
 * The output layer of a language model, without a bias. Its weight `[hidden, vocabulary]` is its own, or the word embeddings' (tied).
 * Adapters may replace its rows for some tokens, as those of a table.
 */
export class OutputLayer extends AdaptedLinear {
  private constructor(
    graph: Graph,
    weight: NodeId,
    bias: NodeId,
    /** The module's path in PEFT: "lm_head". */
    readonly path: string,
    /** The table that is its weight; null if it has its own. */
    readonly table: AdaptedEmbedding | null,
  ) {
    super(graph, weight, bias, [{ path, start: 0, width: graph.shape(weight)[1]! }], false);
  }

  /** A layer with its own weight. */
  static of(graph: Graph, { weight, bias, parts }: AdaptedLinear): OutputLayer {
    return new OutputLayer(graph, weight, bias, parts[0]!.path, null);
  }

  /** A layer whose weight is a table. */
  static tiedTo(graph: Graph, table: AdaptedEmbedding, path: string): OutputLayer {
    return new OutputLayer(graph, tiedMatrix(graph, table.table), graph.constant(zeros([table.rows])), path, table);
  }

  /** Whether its weight is the word embeddings'. */
  get output(): "tied" | "untied" {
    return this.table === null ? "untied" : "tied";
  }

  /** Logits `[rows, vocabulary]`. The selection's rows are x's. */
  override forward(x: NodeId, selection: AdapterSelection): NodeId {
    const { table } = this;
    if (table === null || this.restore !== null || selection.some(({ adapter }) => this.adapts(adapter)))
      return super.forward(x, selection);
    return timesTable(this.graph, x, table.table);
  }

  /**
   * Writes the weight with an adapter's changes. If an adapter changes only one of a tied layer and table, or both in different ways, the
   * layer gets its own memory while the adapter is merged.
   */
  override merge(adapter: AppliedAdapter): void {
    const { table } = this;
    const { layers, whole, tokens } = adapter;
    if (table === null || layers.has(this.path) || whole.has(`${this.path}.weight`) || tokens.has(this.path))
      return super.merge(adapter);
    // Replaced rows of the table are the layer's too.
    if (!table.adapts(adapter) || this.ownRows(adapter) !== undefined) return;
    untie(this.graph, this.weight, table.table);
    this.restore = this.restorer();
  }

  /** Rows of the weight, one for each token. */
  get rows(): number {
    return this.outFeatures;
  }

  get width(): number {
    return this.inFeatures;
  }

  /** Current rows of the weight, `[indices, hidden]`. */
  rowsOf(indices: readonly number[]): Tensor {
    const { graph } = this;
    return graph.step(() => graph.value(this.rowNodes(indices)));
  }

  /** Whether a tensor `[vocabulary, hidden]` is bit-identical to the weight as loaded. */
  holds(tensor: Tensor): boolean {
    if (this.restore !== null) return false;
    if (this.table !== null) return this.table.holds(tensor);
    return this.partWeight(this.parts[0]!).data.every((value, i) => Object.is(value, tensor.data[i]));
  }

  /** Leaves rows that a tied table and the layer both list to the table, as in PEFT. */
  leaveToTable(indices: Map<string, readonly number[]>): void {
    const ofTable = indices.get(this.table?.path ?? "");
    if (ofTable !== undefined && ofTable.join() === indices.get(this.path)?.join()) indices.delete(this.path);
  }

  /** Why an adapter's rows for it cannot be combined with its other tensors; null if they can. */
  rowsProblem(
    layers: ReadonlyMap<string, { readonly magnitude?: unknown }>,
    whole: { has(name: string): boolean },
    tokens: Pick<ReadonlyMap<string, unknown>, "has">,
  ): string | null {
    const { path, table } = this;
    if (!tokens.has(path) && (table === null || !tokens.has(table.path))) return null;
    const tie = tokens.has(path) ? "" : `, since ${table!.path} is its weight`;
    if (whole.has(`${path}.weight`)) return `${path} is trained as a whole and by trainableTokenIndices${tie}`;
    const layer = layers.get(path);
    if (layer === undefined || (tie !== "" && (layer.magnitude ?? null) === null)) return null;
    return `${path} is targeted by targetModules${tie === "" ? "" : ", with DoRA,"} and by trainableTokenIndices${tie}`;
  }

  protected override replaces(adapter: AppliedAdapter): boolean {
    return this.ownRows(adapter) !== undefined || super.replaces(adapter);
  }

  protected override run(x: NodeId, run: Run | undefined): NodeId {
    const { graph, outFeatures } = this;
    const logits = super.run(x, run);
    const adapter = run?.alone ?? null;
    const own = adapter === null ? undefined : this.ownRows(adapter);
    if (own === undefined) return logits;
    const { indices, rows } = own;
    // An update of the layer affects these outputs too.
    const found = adapter!.layers.has(this.path)
      ? graph.add(
          graph.indexSelect(logits, { dim: 1, indices }),
          timesTable(graph, x, graph.sub(rows, this.rowNodes(indices))),
        )
      : timesTable(graph, x, rows);
    // Their logits follow the others; each output then selects one or the other.
    const choice = Int32Array.from({ length: outFeatures }, (_, i) => i);
    indices.forEach((row, i) => (choice[row] = outFeatures + i));
    return graph.indexSelect(graph.concat([logits, found], 1), { dim: 1, indices: choice });
  }

  protected override restorer(): () => void {
    const { graph, weight, table } = this;
    return table === null ? super.restorer() : () => tie(graph, weight, table.table);
  }

  protected override mergeRows(weight: Float32Array, adapter: AppliedAdapter): void {
    const own = this.ownRows(adapter);
    if (own === undefined) return;
    const { inFeatures, outFeatures, graph } = this;
    const rows = graph.value(own.rows).data;
    own.indices.forEach((row, i) => {
      for (let j = 0; j < inFeatures; j++) weight[j * outFeatures + row] = rows[i * inFeatures + j]!;
    });
  }

  /** An adapter's rows for it: its own, else those of a tied table. */
  private ownRows({ tokens }: AppliedAdapter): TokenRows | undefined {
    if (tokens.size === 0) return undefined;
    return tokens.get(this.path) ?? (this.table === null ? undefined : tokens.get(this.table.path));
  }

  /** Rows of the weight on the tape, without a gradient. */
  private rowNodes(indices: readonly number[]): NodeId {
    const { graph, table, weight } = this;
    if (table !== null) return graph.embedding(table.table, indices);
    const columns = indices.map((row) => graph.columns(weight, row, row + 1));
    return graph.transpose(graph.concat(columns, 1));
  }
}

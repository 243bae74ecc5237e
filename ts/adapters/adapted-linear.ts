import { ConfigError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { setStoredMatrix, storedMatrix } from "../graph/frozen/stored-weight.js";
import { adaptedForward, AdaptedLayer, doraScale, mergeUpdate } from "../nn/low-rank-update.js";
import type { Tensor } from "../values/tensor.js";
import { type AdapterSelection, type Run, runsOf } from "./adapter-selection.js";
import { type AdapterWeights, type AppliedAdapter, effective, hostWeights } from "./adapter-parts.js";

/** A module that is a range of columns of a joined weight. */
export interface LinearPart {
  /** The module's path in PEFT: "encoder.layer.0.attention.self.query". */
  readonly path: string;
  readonly start: number;
  readonly width: number;
}

/** The runs of a selection for a number of rows. */
interface Known {
  readonly total: number;
  readonly training: boolean;
  readonly runs: readonly Run[];
}

/** A frozen linear layer: one module, or several with the same input. Adapters can be applied to it or merged into it. */
export class AdaptedLinear {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Restores the weight as loaded, while an adapter is merged: subtracting the update would drift. */
  protected restore: (() => void) | null = null;
  private originalBias: Tensor | null = null;
  private readonly known = new WeakMap<AdapterSelection, Known>();
  private readonly layers = new WeakMap<Run, AdaptedLayer>();

  constructor(
    protected readonly graph: Graph,
    /** `[in, out]`, made by `frozenMatrix` or `tiedMatrix`. */
    readonly weight: NodeId,
    /** `[out]` */
    readonly bias: NodeId,
    readonly parts: readonly LinearPart[],
    /** Whether the files have a bias. */
    readonly hasBias = true,
    /** Whether adapters may update or replace its weight, and not only its bias: for a convolution they may not. */
    readonly adaptable = true,
  ) {
    [this.inFeatures, this.outFeatures] = graph.shape(weight) as [number, number];
  }

  /**
   * y = x·W + b, plus, on its rows, the update of each adapter of a module. x `[…, in]` → `[…, out]`; if rows are computed in different
   * ways (LoRA, DoRA, another dropout), x is `[rows, in]`.
   */
  forward(x: NodeId, selection: AdapterSelection): NodeId {
    const { graph } = this;
    const total = graph.shape(x).reduce((rows, length) => rows * length, 1) / this.inFeatures;
    const runs = this.runs(selection, total);
    if (runs.length < 2) return this.run(x, runs[0]);
    const parts = runs.map((run) => this.run(graph.slice(x, { dim: 0, start: run.start, end: run.end }), run));
    return graph.concat(parts, 0);
  }

  /** The runs of a selection. The last pass's are cached: in generation, passes share a selection. */
  private runs(selection: AdapterSelection, total: number): readonly Run[] {
    const { training } = this.graph;
    const known = this.known.get(selection);
    if (known?.total === total && known.training === training) return known.runs;
    const runs = runsOf(
      selection,
      total,
      training,
      (adapter) => this.adapts(adapter),
      (adapter) => this.replaces(adapter),
    );
    this.known.set(selection, { total, training, runs });
    return runs;
  }

  /** All rows in the same way. */
  protected run(x: NodeId, run: Run | undefined): NodeId {
    const alone = run?.alone ?? null;
    if (alone !== null && this.hasWhole(alone)) return this.replaced(x, run!, alone);
    return this.updated(x, run, alone === null ? this.bias : this.biasOf(alone));
  }

  /** x·W + b and the updates. */
  private updated(x: NodeId, run: Run | undefined, bias: NodeId): NodeId {
    const { graph, weight } = this;
    const isAdapted = run?.ranges.some(({ adapter }) => this.parts.some(({ path }) => adapter.layers.has(path)));
    if (run === undefined || isAdapted !== true) return graph.linear(x, weight, bias);
    return adaptedForward(graph, x, this.layerOf(run, bias), run.dora ? () => this.rowScales(run) : null);
  }

  /** The layer of a run; cached if it needs no node of the step. */
  private layerOf(run: Run, bias: NodeId): AdaptedLayer {
    const known = this.layers.get(run);
    if (known !== undefined) return known;
    const parts = run.ranges.flatMap(({ adapter, rows }) =>
      this.adaptedParts(adapter).map(({ start, width, weights }) => ({ ...weights, start, width, rows })),
    );
    const layer = new AdaptedLayer(this.weight, bias, parts, run.dropout, run.dora);
    if (bias === this.bias && parts.every(({ taken }) => taken === null)) this.layers.set(run, layer);
    return layer;
  }

  /** A module's current bias `[out]`. */
  partBias({ start, width }: LinearPart): Tensor {
    return { shape: [width], data: this.graph.value(this.bias).data.slice(start, start + width) };
  }

  /** Whether an adapter replaces tensors of the layer. */
  protected replaces({ layers, whole }: AppliedAdapter): boolean {
    return this.parts.some(
      ({ path }) =>
        (layers.get(path)?.bias ?? null) !== null ||
        (whole.size > 0 && (whole.has(`${path}.weight`) || whole.has(`${path}.bias`))),
    );
  }

  /** Whether an adapter changes it. */
  protected adapts(adapter: AppliedAdapter): boolean {
    return this.parts.some(({ path }) => adapter.layers.has(path)) || this.replaces(adapter);
  }

  private hasWhole({ whole }: AppliedAdapter): boolean {
    return whole.size > 0 && this.parts.some(({ path }) => whole.has(`${path}.weight`));
  }

  /**
   * A separate product for modules that an adapter replaces: their weights get gradients, which a frozen weight's product does not compute.
   */
  private replaced(x: NodeId, run: Run, adapter: AppliedAdapter): NodeId {
    const { graph } = this;
    const bias = this.biasOf(adapter);
    const columns = (node: NodeId, dim: number, { start, width }: LinearPart) =>
      width === this.outFeatures ? node : graph.slice(node, { dim, start, end: start + width });
    const own = (part: LinearPart) => adapter.whole.get(`${part.path}.weight`)?.node;
    const isAdapted = (part: LinearPart) => own(part) === undefined || adapter.layers.has(part.path);
    const base = this.parts.some(isAdapted) ? this.updated(x, run, bias) : null;
    const last = graph.shape(x).length - 1;
    const parts = this.parts.map((part) => {
      const weight = own(part);
      if (weight === undefined) return columns(base!, last, part);
      const product = graph.linear(x, weight, columns(bias, 0, part));
      if (!adapter.layers.has(part.path)) return product;
      // The base's product is in both.
      const frozen = graph.linear(x, this.columns(part), columns(bias, 0, part));
      return graph.add(columns(base!, last, part), graph.sub(product, frozen));
    });
    return parts.length === 1 ? parts[0]! : graph.concat(parts, last);
  }

  /** The bias with the modules that an adapter replaces, plus s·b of B's own bias b. */
  private biasOf({ layers, whole }: AppliedAdapter): NodeId {
    const { graph } = this;
    const parts = this.parts.map(({ path, start, width }) => {
      const base = whole.get(`${path}.bias`)?.node ?? graph.slice(this.bias, { dim: 0, start, end: start + width });
      const layer = layers.get(path);
      if (layer === undefined || layer.bias === null) return base;
      const scaling = graph.constant({ shape: [], data: Float32Array.of(layer.scaling) });
      return graph.add(base, graph.mul(layer.bias, scaling));
    });
    return parts.length === 1 ? parts[0]! : graph.concat(parts, 0);
  }

  /**
   * Writes W + s·A·B (with DoRA, scaled) into the weight, which is float32 while it is merged: fewer bits would round the update away.
   * Throws `ConfigError` if an adapter is merged already.
   */
  merge(adapter: AppliedAdapter): void {
    if (this.restore !== null)
      throw new ConfigError("merge: an adapter is merged into this layer already; unmerge it first", {
        op: "merge",
        reason: "merged",
      });
    if (!this.adapts(adapter)) return;
    const { graph, outFeatures } = this;
    const adapted = this.parts.flatMap((part) => {
      const weights = adapter.layers.get(part.path);
      return weights === undefined ? [] : [{ ...part, weights }];
    });
    const restore = this.restorer();
    const originalBias = graph.value(this.bias);
    const { shape, data } = graph.value(this.weight);
    const bias = Float32Array.from(originalBias.data);
    for (const { path, start, width } of this.parts) {
      const [weight, own] = ["weight", "bias"].map((part) => adapter.whole.get(`${path}.${part}`));
      if (own !== undefined) bias.set(graph.value(own.node).data, start);
      if (weight === undefined) continue;
      const rows = graph.value(weight.node).data;
      for (let i = 0; i < this.inFeatures; i++)
        data.set(rows.subarray(i * width, (i + 1) * width), i * outFeatures + start);
    }
    this.mergeRows(data, adapter);
    for (const { start, weights } of adapted) {
      const host = hostWeights(graph, weights);
      mergeUpdate(data, { first: start, inStep: outFeatures, outStep: 1 }, host);
      host.bias?.data.forEach((b, i) => (bias[start + i]! += host.scaling * b));
    }
    graph.setValue(this.weight, { shape, data });
    this.restore = restore;
    if (!this.replaces(adapter)) return;
    this.originalBias = originalBias;
    graph.setValue(this.bias, { shape: originalBias.shape, data: bias });
  }

  /** Restores the weight as loaded, bit by bit. */
  unmerge(): void {
    if (this.restore === null) return;
    this.restore();
    this.restore = null;
    if (this.originalBias !== null) this.graph.setValue(this.bias, this.originalBias);
    this.originalBias = null;
  }

  /** A function that restores the current weight. */
  protected restorer(): () => void {
    const original = storedMatrix(this.graph, this.weight);
    return () => setStoredMatrix(this.graph, this.weight, original);
  }

  /** Writes an adapter's own rows for some outputs into a merged weight; most layers have none. */
  protected mergeRows(_weight: Float32Array, _adapter: AppliedAdapter): void {}

  /** A module's current weight in a file's orientation `[out, in]`. */
  partWeight(part: LinearPart): Tensor {
    const { inFeatures, outFeatures } = this;
    const data = new Float32Array(part.width * inFeatures);
    this.graph.view(this.weight, (weight) => {
      for (let out = 0; out < part.width; out++) {
        for (let i = 0; i < inFeatures; i++) data[out * inFeatures + i] = weight[i * outFeatures + part.start + out]!;
      }
    });
    return { shape: [part.width, inFeatures], data };
  }

  private adaptedParts(adapter: AppliedAdapter): AdaptedPart[] {
    return this.parts.flatMap((part) => {
      const weights = adapter.layers.get(part.path);
      return weights === undefined ? [] : [{ ...part, weights: effective(this.graph, weights) }];
    });
  }

  /** DoRA's factor of each column: `[out]` for one adapter, `[rows, out]` for several. */
  private rowScales({ ranges }: Run): NodeId {
    const { graph } = this;
    const scales = ranges.map(({ adapter }) => this.doraScale(this.adaptedParts(adapter)));
    if (scales.length === 1) return scales[0]!;
    const table = graph.concat(
      scales.map((scale) => graph.reshape(scale, [1, this.outFeatures])),
      0,
    );
    const ofRow = ranges.flatMap(({ rows }, i) => new Array<number>(rows!.end - rows!.start).fill(i));
    return graph.embedding(table, ofRow);
  }

  /** DoRA's factor of each column, `[out]`: magnitude over norm for an adapted module, 1 elsewhere. */
  private doraScale(adapted: readonly AdaptedPart[]): NodeId {
    const { graph } = this;
    const ones = (width: number) => graph.constant({ shape: [width], data: new Float32Array(width).fill(1) });
    const scales: NodeId[] = this.parts.map((part) => {
      const found = adapted.find(({ path }) => path === part.path);
      if (found === undefined || found.weights.magnitude === null) return ones(part.width);
      return doraScale(graph, () => this.columns(part), found.weights, found.weights.magnitude);
    });
    return scales.length === 1 ? scales[0]! : graph.concat(scales, 0);
  }

  /** A module's columns of the weight, without a gradient. */
  columns({ start, width }: LinearPart): NodeId {
    return this.graph.columns(this.weight, start, start + width);
  }
}

type AdaptedPart = LinearPart & { readonly weights: AdapterWeights };

import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { ConfigError, ModelError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { folderOf, type ModelSource } from "../../io/model-source.js";
import type { WeightOptions } from "../../io/safetensors/index.js";
import { type ForwardOptions, totalWidth, type TransformerModel } from "../architecture.js";
import type { RaggedBatch } from "../ragged-batch.js";
import { type DenseConfig, type DenseLayer, loadDense } from "./dense.js";

/**
 * Pools each text's hidden states `[tokens, hidden]` into one vector: text i is rows `offsets[i]` to `offsets[i + 1]`, which follow
 * `before` skipped tokens.
 */
type Pool = (graph: Graph, hidden: NodeId, offsets: Int32Array, before: number) => NodeId;

const lengthsOf = (offsets: Int32Array) => offsets.subarray(1).map((end, i) => end - offsets[i]!);

/** One number for each row, `[rows, 1]`. */
const column = (graph: Graph, values: readonly number[]) =>
  graph.constant({ shape: [values.length, 1], data: Float32Array.from(values) });

function checkTokens(mode: string, offsets: Int32Array): void {
  const empty = lengthsOf(offsets).indexOf(0);
  if (empty >= 0)
    throw new ConfigError(`pooling "${mode}" takes one of a text's tokens, and text ${empty} has none`, {
      option: "pooling",
      value: mode,
      place: empty,
    });
}

/** Weighted mean: token t counts t + 1 times; skipped tokens count for the positions. */
function weightedMean(graph: Graph, hidden: NodeId, offsets: Int32Array, before: number): NodeId {
  // The mean divides by the length n, so each weight is multiplied by it: (b + t)·n / (b·n + (1 + … + n)).
  const weights = [...lengthsOf(offsets)].flatMap((length) =>
    Array.from({ length }, (_, t) => (2 * (before + t + 1)) / (2 * before + length + 1)),
  );
  return graph.meanPool(graph.mul(hidden, column(graph, weights)), offsets);
}

function largest(graph: Graph, hidden: NodeId, offsets: Int32Array): NodeId {
  checkTokens("max", offsets);
  const texts = Array.from({ length: offsets.length - 1 }, (_, i) =>
    graph.amax(graph.slice(hidden, { dim: 0, start: offsets[i]!, end: offsets[i + 1]! }), { dim: 0, keepDim: true }),
  );
  return texts.length === 1 ? texts[0]! : graph.concat(texts, 0);
}

/** One token of each text. */
function token(mode: string, graph: Graph, hidden: NodeId, offsets: Int32Array, rows: Int32Array): NodeId {
  checkTokens(mode, offsets);
  return graph.indexSelect(hidden, { dim: 0, indices: rows });
}

/** Pooling modes, in the order in which sentence-transformers concatenates their vectors. */
const pools = {
  cls: (graph, hidden, offsets) => token("cls", graph, hidden, offsets, offsets.slice(0, -1)),
  max: largest,
  mean: (graph, hidden, offsets) => graph.meanPool(hidden, offsets),
  mean_sqrt_len_tokens: (graph, hidden, offsets) =>
    graph.mul(graph.meanPool(hidden, offsets), column(graph, [...lengthsOf(offsets)].map(Math.sqrt))),
  weightedmean: weightedMean,
  lasttoken: (graph, hidden, offsets) =>
    token(
      "lasttoken",
      graph,
      hidden,
      offsets,
      offsets.slice(1).map((end) => end - 1),
    ),
} satisfies Record<string, Pool>;

/** A pooling mode, by sentence-transformers' name. */
export type PoolingMode = keyof typeof pools;

export const poolingModes = Object.keys(pools) as PoolingMode[];

/** Hidden states without the first `skip` of each text. */
function withoutFirst(graph: Graph, hidden: NodeId, offsets: Int32Array, skip: number) {
  const rows: number[] = [];
  const kept = Int32Array.from(offsets, (end, i) => {
    for (let t = i === 0 ? end : offsets[i - 1]! + skip; t < end; t++) rows.push(t);
    return rows.length;
  });
  return { hidden: graph.indexSelect(hidden, { dim: 0, indices: rows }), offsets: kept };
}

/** What the pooling calls a head's layer in its name. */
export const HEAD = "head";

/** A selection of tokens as a selection of texts. */
function textRanges(selection: AdapterSelection, offsets: Int32Array): AdapterSelection {
  return selection.map(({ adapter, rows }) => {
    if (rows === undefined) return { adapter };
    const place = (row: number) => offsets.findIndex((offset) => offset >= row);
    return { adapter, rows: { start: place(rows.start), end: place(rows.end) } };
  });
}

/** How a model's hidden states become one vector for each text. */
export class Pooling {
  /**
   * @param dense layers on the vectors, in order
   * @param layers the same in a graph, once they are loaded
   */
  constructor(
    /** Modes in the order in which their vectors are concatenated. */
    readonly modes: readonly PoolingMode[],
    readonly dense: readonly DenseConfig[] = [],
    private readonly layers: readonly DenseLayer[] = [],
    private readonly withHead = false,
  ) {}

  /** Pooling followed by a head's layer of the model's width; "late": the mean of what the layer makes of each token. */
  static ofHead(mode: PoolingMode | "late", layer: DenseLayer): Pooling {
    return mode === "late" ? new LatePooling(layer) : new Pooling([mode], [], [layer], true);
  }

  /**
   * Vectors `[batch, width]` of hidden states `[tokens, hidden]`. Throws `ConfigError` for a text without tokens, if the mode needs one.
   *
   * @param selection adapters of the tokens, and so of their text's vector in the layers that follow
   * @param skip number of leading tokens of every text that are not pooled (a prompt's); the first token is then the one after them, as
   *   in sentence-transformers 6.2
   */
  pool(graph: Graph, hidden: NodeId, offsets: Int32Array, skip = 0, selection: AdapterSelection = []): NodeId {
    const text = skip === 0 ? { hidden, offsets } : withoutFirst(graph, hidden, offsets, skip);
    const parts = this.modes.map((mode) => pools[mode](graph, text.hidden, text.offsets, skip));
    const vectors = parts.length === 1 ? parts[0]! : graph.concat(parts, 1);
    if (this.layers.length === 0) return vectors;
    const ofTexts = textRanges(selection, offsets);
    return this.layers.reduce((x, layer) => layer(graph, x, ofTexts), vectors);
  }

  /**
   * A copy with its layers loaded into a graph. Throws `ModelError` if a layer's input has another length.
   * @param hiddenSize of the encoder
   */
  async loaded(source: ModelSource, graph: Graph, hiddenSize: number, options: WeightOptions): Promise<Pooling> {
    let width = this.modes.length * hiddenSize;
    const layers: DenseLayer[] = [];
    for (const dense of this.dense) {
      const { inFeatures } = dense.shape;
      if (inFeatures !== width)
        throw new ModelError(
          `model ${folderOf(source, `${dense.folder}/config.json`)}: ${dense.folder}/config.json: in_features ${inFeatures}, and the vectors before it have ${width} numbers`,
          { model: source.name, expected: width, actual: inFeatures },
        );
      layers.push(await loadDense(source, graph, dense, options));
      width = totalWidth(dense.shape);
    }
    return new Pooling(this.modes, this.dense, layers);
  }

  /** Length of a vector. */
  width(hiddenSize: number): number {
    const last = this.dense.at(-1);
    return last === undefined ? this.modes.length * hiddenSize : totalWidth(last.shape);
  }

  /** "mean"; "cls+mean" for several modes; "mean, dense 256" with a layer on top. */
  toString(): string {
    const behind = this.dense.map(({ shape }) => `dense ${totalWidth(shape)}`);
    return [this.modes.join("+"), ...behind, ...(this.withHead ? [HEAD] : [])].join(", ");
  }
}

/** The mean of what a head's layer makes of each token. */
class LatePooling extends Pooling {
  constructor(private readonly layer: DenseLayer) {
    super(["mean"], [], [], true);
  }

  override pool(graph: Graph, hidden: NodeId, offsets: Int32Array, skip = 0, selection: AdapterSelection = []): NodeId {
    return super.pool(graph, this.layer(graph, hidden, selection), offsets, skip);
  }
}

/** What is needed to make vectors of tokens. */
export interface PoolingParts {
  readonly graph: Graph;
  readonly model: Pick<TransformerModel, "forward" | "infer">;
  readonly pooling: Pick<Pooling, "pool">;
}

/** How a batch goes through the model: recorded for a gradient, or without. */
type Pass =
  | Pick<ForwardOptions, "checkpointing">
  | {
      /** Number of leading tokens of every text that are not pooled (a prompt's). */
      readonly skip: number;
    };

/** Vectors `[batch, width]` of a batch of texts, with the adapters of a selection of its tokens. Errors as of `Pooling.pool`. */
export function pooledBy(
  { graph, model, pooling }: PoolingParts,
  batch: RaggedBatch,
  selection: AdapterSelection,
  pass: Pass,
): NodeId {
  const isInference = "skip" in pass;
  const hidden = isInference ? model.infer(batch, selection) : model.forward(batch, selection, pass);
  return pooling.pool(graph, hidden, batch.offsets, isInference ? pass.skip : 0, selection);
}

import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import { whole } from "../arguments/settings.js";
import { checkShape, type Tensor, zeros } from "../values/tensor.js";
import { doraScale, initialLowRank, initialMagnitude, type LowRank, mergeUpdate } from "./low-rank-update.js";
import { type LoraConfig, type LoraInit, type ResolvedLoraConfig, resolveLoraConfig } from "./lora-config.js";
import { normal } from "./random.js";

const what = "LoraEmbedding";

/** A = 0 and B ~ N(0, 1), PEFT's initialisation for embeddings. */
export function embeddingInit(): LoraInit {
  return (graph, { inFeatures, outFeatures, rank }) => ({
    a: zeros([inFeatures, rank]),
    b: normal(graph, [rank, outFeatures], 1),
  });
}

/** s·A[indices]·B, `[indices, out]`. */
export function lowRankRows(
  graph: Graph,
  indices: ArrayLike<number>,
  { loraA, loraB, scaling }: LowRank,
  shape: readonly number[] = [indices.length],
): NodeId {
  const rows = graph.embedding(loraA, indices, { shape: [...shape] });
  const scale = graph.constant({ shape: [], data: Float32Array.of(scaling) });
  return graph.mul(graph.linear(rows, loraB), scale);
}

/**
 * A frozen table with a trainable low-rank update, PEFT's LoRA on an embedding: y = W[i] + A[i]·B·scaling, with W `[rows, width]`,
 * A `[rows, rank]`, B `[rank, width]`. In files A is `lora_embedding_A` `[rank, rows]` and B `lora_embedding_B` `[width, rank]`.
 *
 * Gradients reach A, B (and the DoRA magnitude), never W.
 */
export class LoraEmbedding {
  private constructor(
    /** W `[rows, width]`, which never receives a gradient here. */
    readonly table: NodeId,
    /** A `[rows, rank]`, trainable. */
    readonly loraA: NodeId,
    /** B `[rank, width]`, trainable. */
    readonly loraB: NodeId,
    /** DoRA's magnitude `[width]`, null without. */
    readonly magnitude: NodeId | null,
    /** The configuration with its defaults. */
    readonly config: ResolvedLoraConfig,
  ) {}

  /**
   * A layer on a table of the graph, which is shared, not copied. As in PEFT, there is no dropout.
   *
   * @param table `[rows, width]`
   * @param config as for a linear layer, except that `init` defaults to `embeddingInit()`
   * Throws `ShapeError` for another shape of the table, `ConfigError` for an invalid configuration.
   */
  static fromTable(graph: Graph, table: NodeId, rows: number, width: number, config: LoraConfig = {}): LoraEmbedding {
    checkGraph(what, graph);
    whole(what, "rows", rows, 1);
    whole(what, "width", width, 1);
    checkShape(what, "the table", graph.shape(table), [rows, width]);
    const resolved = resolveLoraConfig({ init: embeddingInit(), ...config });
    const { rank, scaling } = resolved;
    return graph.allOrNothing(() => {
      const shape = { inFeatures: rows, outFeatures: width, rank };
      const { loraA, loraB } = initialLowRank(graph, resolved.init, shape);
      const update = { loraA, loraB, scaling };
      const magnitude = resolved.dora ? initialMagnitude(graph, () => table, update) : null;
      return new LoraEmbedding(table, loraA, loraB, magnitude, resolved);
    });
  }

  /** α/r, or α/√r with rsLoRA. */
  get scaling(): number {
    return this.config.scaling;
  }

  /**
   * Rows of the adapted table, `[…, width]`.
   *
   * @param indices indices of the rows
   * @param shape shape of the indices; default `[indices.length]`
   */
  forward(graph: Graph, indices: ArrayLike<number>, shape: readonly number[] = [indices.length]): NodeId {
    checkGraph(what, graph);
    const { table, magnitude } = this;
    const y = graph.add(
      graph.embedding(table, indices, { shape: [...shape] }),
      lowRankRows(graph, indices, this, shape),
    );
    return magnitude === null
      ? y
      : graph.mul(
          y,
          doraScale(graph, () => table, this, magnitude),
        );
  }

  /** The parameters to optimize: A and B, and the magnitude with DoRA. */
  trainableParams(): NodeId[] {
    return [this.loraA, this.loraB, this.magnitude].filter((id) => id !== null);
  }

  /** W + A·B·scaling `[rows, width]` (with DoRA, rescaled to the magnitude). Changes nothing. */
  merge(graph: Graph): Tensor {
    checkGraph(what, graph);
    const { table, loraA, loraB, magnitude, scaling } = this;
    const merged = graph.value(table);
    mergeUpdate(
      merged.data,
      { first: 0, inStep: merged.shape[1]!, outStep: 1 },
      {
        loraA: graph.value(loraA),
        loraB: graph.value(loraB),
        scaling,
        magnitude: magnitude === null ? null : graph.value(magnitude),
      },
    );
    return merged;
  }
}

import type { ClassificationHead } from "../nn/classification-head.js";
import type { NodeId } from "../graph/graph.js";
import type { BatchLoss, Task } from "./task.js";

/** A sentence vector of the frozen encoder and its class. */
export interface VectorExample {
  /** `[hidden]`, as `SentenceEncoder.encode` gives it. */
  readonly vector: Float32Array;
  /** Class index from 0. */
  readonly target: number;
}

/** Trains a head alone on frozen sentence vectors: the yardstick for what an adapter adds. */
export class HeadOnlyTask implements Task<VectorExample> {
  /** `head` is trained in place. */
  constructor(private readonly head: ClassificationHead) {}

  /** The head's graph. */
  get graph() {
    return this.head.graph;
  }

  /** Weight and bias of the head. */
  params(): NodeId[] {
    return this.head.params();
  }

  /** Summed cross entropy; no tokens are counted. */
  loss(examples: readonly VectorExample[]): BatchLoss {
    const logits = this.logits(examples.map(({ vector }) => vector));
    const targets = examples.map(({ target }) => target);
    return { sum: this.graph.crossEntropy(logits, targets, { reduction: "sum" }), targets: targets.length, tokens: 0 };
  }

  /** Logits `[batch, classes]` of sentence vectors. */
  logits(vectors: readonly Float32Array[]): NodeId {
    const hidden = this.graph.shape(this.head.weight)[0]!;
    const data = new Float32Array(vectors.length * hidden);
    vectors.forEach((vector, i) => data.set(vector, i * hidden));
    return this.head.logits(this.graph.constant({ shape: [vectors.length, hidden], data }));
  }
}

import { checkRecord, listFrom } from "../collections.js";
import { ConfigError, ShapeError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import type { NodeId } from "../graph/graph.js";
import { ClassificationHead } from "../nn/classification-head.js";
import { floatsOf, hostArray } from "../number-list.js";
import { whole } from "../settings.js";
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
  /** `head` is trained in place. Throws `ConfigError` for what is no `ClassificationHead`. */
  constructor(private readonly head: ClassificationHead) {
    if (head instanceof ClassificationHead) return;
    throw new ConfigError(`HeadOnlyTask: head is a ClassificationHead, got ${excerpt(head)}`);
  }

  /** The head's graph. */
  get graph() {
    return this.head.graph;
  }

  /** Weight and bias of the head. */
  params(): NodeId[] {
    return this.head.params();
  }

  /**
   * Summed cross entropy; no tokens are counted. Throws `ConfigError` for what are no examples, `ShapeError` for vectors
   * of another length than the head takes.
   */
  loss(examples: readonly VectorExample[]): BatchLoss {
    const classes = this.graph.shape(this.head.bias)[0]!;
    const taken = listFrom("HeadOnlyTask: a list of { vector, target } is expected", examples, (example, i) => {
      checkRecord(`HeadOnlyTask: example ${i} is { vector, target }`, example);
      const { vector, target } = example as unknown as VectorExample;
      return { vector, target: whole("HeadOnlyTask", `target of example ${i}`, target, 0, classes - 1) };
    });
    const logits = this.logits(taken.map(({ vector }) => vector));
    const targets = taken.map(({ target }) => target);
    return { sum: this.graph.crossEntropy(logits, targets, { reduction: "sum" }), targets: targets.length, tokens: 0 };
  }

  /** Logits `[batch, classes]` of sentence vectors. Throws as `loss` does. */
  logits(vectors: readonly Float32Array[]): NodeId {
    const hidden = this.graph.shape(this.head.weight)[0]!;
    const rows = listFrom("HeadOnlyTask: a list of vectors is expected", vectors, (given, i) => {
      const vector = given instanceof Float32Array ? given : floatsOf("HeadOnlyTask", `vector ${i}`, given as []);
      if (vector.length === hidden) return vector;
      throw new ShapeError(`HeadOnlyTask: vector ${i} has ${vector.length} numbers, the head takes ${hidden}`);
    });
    const data = hostArray("HeadOnlyTask", Float32Array, rows.length * hidden);
    rows.forEach((row, i) => data.set(row, i * hidden));
    return this.graph.allOrNothing(() => this.head.logits(this.graph.constant({ shape: [rows.length, hidden], data })));
  }
}

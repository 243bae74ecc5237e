import { checkRecord, listFrom, unexpected, whole } from "../arguments/settings.js";
import { ShapeError } from "../errors/errors.js";
import type { NodeId } from "../graph/graph.js";
import { ClassificationHead } from "../nn/classification-head.js";
import { floatsOf, hostArray } from "../values/number-list.js";
import type { BatchLoss, Task } from "./task.js";
import { isFloats, typedLength } from "../arguments/typed-array.js";

/** A sentence vector of the frozen encoder and its class. */
export interface VectorExample {
  /** `[hidden]`, from `SentenceEncoder.encode`. */
  readonly vector: Float32Array;
  /** Class index from 0. */
  readonly target: number;
}

/** Trains only a classification head on frozen sentence vectors: a baseline for adapters. */
export class HeadOnlyTask implements Task<VectorExample> {
  /** `head` is trained in place. Throws `ConfigError` unless it is a `ClassificationHead`. */
  constructor(private readonly head: ClassificationHead) {
    if (head instanceof ClassificationHead) return;
    throw unexpected("HeadOnlyTask", "head", "a ClassificationHead", head);
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
   * Summed cross entropy; counts no tokens. Throws `ConfigError` for invalid examples, `ShapeError` for vectors of another length than the
   * head's.
   */
  loss(examples: readonly VectorExample[]): BatchLoss {
    const taken = this.take(examples);
    const targets = taken.map(({ target }) => target);
    const logits = this.rowsToLogits(taken.map(({ vector }) => vector));
    return { sum: this.graph.crossEntropy(logits, targets, { reduction: "sum" }), targets: targets.length, tokens: 0 };
  }

  /** Bytes that a step on these examples needs. Throws as `loss` does, so `fit` refuses invalid examples before any work. */
  memory(examples: readonly VectorExample[]): number {
    const [hidden, classes] = this.graph.shape(this.head.weight) as [number, number];
    return 4 * this.take(examples).length * (hidden + 4 * classes);
  }

  /** Logits `[batch, classes]` of sentence vectors. Throws as `loss` does. */
  logits(vectors: readonly Float32Array[]): NodeId {
    const hidden = this.graph.shape(this.head.weight)[0]!;
    const take = (vector: unknown, i: number) => takeVector(vector, i, hidden);
    return this.rowsToLogits(listFrom("HeadOnlyTask: a list of vectors is expected", vectors, take));
  }

  private rowsToLogits(rows: readonly Float32Array[]): NodeId {
    const hidden = this.graph.shape(this.head.weight)[0]!;
    const data = hostArray("HeadOnlyTask", Float32Array, rows.length * hidden);
    rows.forEach((row, i) => data.set(row, i * hidden));
    return this.graph.allOrNothing(() => this.head.logits(this.graph.constant({ shape: [rows.length, hidden], data })));
  }

  /** Checked copies of examples. */
  private take(examples: readonly VectorExample[]): VectorExample[] {
    const [hidden, classes] = this.graph.shape(this.head.weight) as [number, number];
    return listFrom("HeadOnlyTask: a list of { vector, target } is expected", examples, (example, i) => {
      checkRecord(`HeadOnlyTask: example ${i} is { vector, target }`, example);
      const { vector, target } = example as unknown as VectorExample;
      whole("HeadOnlyTask", `target of example ${i}`, target, 0, classes - 1);
      return { vector: takeVector(vector, i, hidden), target };
    });
  }
}

function takeVector(given: unknown, place: number, hidden: number): Float32Array {
  const vector = isFloats(given) ? given : floatsOf("HeadOnlyTask", `vector ${place}`, given as []);
  const length = typedLength(vector);
  if (length === hidden) return vector;
  throw new ShapeError(`HeadOnlyTask: vector ${place} has ${length} numbers, the head takes ${hidden}`, {
    op: "HeadOnlyTask",
    input: "vector",
    place,
    actual: [length],
    expected: [hidden],
  });
}

import { ShapeError } from "../errors/errors.js";
import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import { whole } from "../arguments/settings.js";
import { checkTensor, formatShape, type Tensor, zeros } from "../values/tensor.js";
import { normal } from "./random.js";

/** Standard deviation of a new head's weight, as in BERT. */
const DEVIATION = 0.02;

/** A trainable linear layer from sentence vectors to class logits: `[batch, hidden]` → `[batch, classes]`. */
export class ClassificationHead {
  /** `[hidden, classes]` */
  readonly weight: NodeId;
  /** `[classes]` */
  readonly bias: NodeId;

  /**
   * A head with given values: weight `[hidden, classes]`, bias `[classes]`, copied into the graph as variables. Throws `ShapeError` for
   * other shapes.
   */
  constructor(
    /** The graph of weight and bias. */
    readonly graph: Graph,
    weight: Tensor,
    bias: Tensor,
  ) {
    checkGraph("ClassificationHead", graph);
    const w = checkTensor("ClassificationHead: weight", weight);
    const b = checkTensor("ClassificationHead: bias", bias);
    if (w.shape.length !== 2 || b.shape.length !== 1 || b.shape[0] !== w.shape[1]) {
      throw new ShapeError(
        `ClassificationHead: weight is [hidden, classes] and bias [classes], got ${formatShape(w.shape)} and ${formatShape(b.shape)}`,
        { op: "ClassificationHead", shapes: [w.shape, b.shape] },
      );
    }
    [this.weight, this.bias] = graph.allOrNothing(() => [graph.variable(w), graph.variable(b)]);
  }

  /** Weight ~ N(0, 0.02²), bias 0. Throws `ConfigError` unless both sizes are whole numbers from 1. */
  static create(graph: Graph, hidden: number, classes: number): ClassificationHead {
    checkGraph("ClassificationHead", graph);
    whole("ClassificationHead", "hidden", hidden, 1);
    whole("ClassificationHead", "classes", classes, 1);
    return graph.allOrNothing(() => {
      return new ClassificationHead(graph, normal(graph, [hidden, classes], DEVIATION), zeros([classes]));
    });
  }

  /** v·W + b: vectors `[batch, hidden]` → `[batch, classes]`. */
  logits(vectors: NodeId): NodeId {
    return this.graph.linear(vectors, this.weight, this.bias);
  }

  /** Weight and bias. */
  params(): NodeId[] {
    return [this.weight, this.bias];
  }

  /**
   * The head's current values, whatever is trained afterwards: maps vectors `[batch, hidden]` to logits `[batch, classes]` in a step. Each
   * row is a separate product, so its bits do not depend on the other rows.
   */
  snapshot(): (vectors: NodeId) => NodeId {
    const { graph } = this;
    const [weight, bias] = [graph.value(this.weight), graph.value(this.bias)];
    const [hidden, classes] = weight.shape as [number, number];
    return (vectors) => {
      const rows = graph.reshape(vectors, [-1, 1, hidden]);
      const products = graph.matmul(rows, graph.constant({ shape: [1, hidden, classes], data: weight.data }));
      return graph.add(graph.reshape(products, [-1, classes]), graph.constant(bias));
    };
  }

  /** A separate head with the same initial values. */
  clone(): ClassificationHead {
    return new ClassificationHead(this.graph, this.graph.value(this.weight), this.graph.value(this.bias));
  }
}

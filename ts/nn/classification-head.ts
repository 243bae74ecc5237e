import type { Graph, NodeId } from "../graph/graph.js";
import { type Tensor, zeros } from "../tensor.js";
import { normal } from "./random.js";

/** Deviation of a new head's weight, as BERT initialises its layers. */
const DEVIATION = 0.02;

/** A trainable linear layer from sentence vectors to class logits: `[batch, hidden]` → `[batch, classes]`. */
export class ClassificationHead {
  /** `[hidden, classes]` */
  readonly weight: NodeId;
  /** `[classes]` */
  readonly bias: NodeId;

  /** A head from its values: weight `[hidden, classes]`, bias `[classes]`, copied into the graph as variables. */
  constructor(
    /** The graph that weight and bias live in. */
    readonly graph: Graph,
    weight: Tensor,
    bias: Tensor,
  ) {
    this.weight = graph.variable(weight);
    this.bias = graph.variable(bias);
  }

  /** Weight ~ N(0, 0.02²), bias 0. */
  static create(graph: Graph, hidden: number, classes: number): ClassificationHead {
    return new ClassificationHead(graph, normal(graph, [hidden, classes], DEVIATION), zeros([classes]));
  }

  /** v·W + b: vectors `[batch, hidden]` → `[batch, classes]`. */
  logits(vectors: NodeId): NodeId {
    return this.graph.linear(vectors, this.weight, this.bias);
  }

  /** Weight and bias. */
  params(): NodeId[] {
    return [this.weight, this.bias];
  }

  /** The head as it is now, whatever is trained afterwards: vectors `[batch, hidden]` → `[batch, classes]` in a step. */
  snapshot(): (vectors: NodeId) => NodeId {
    const { graph } = this;
    const [weight, bias] = [graph.value(this.weight), graph.value(this.bias)];
    return (vectors) => graph.linear(vectors, graph.constant(weight), graph.constant(bias));
  }

  /** A head of its own that starts with this one's values. */
  clone(): ClassificationHead {
    return new ClassificationHead(this.graph, this.graph.value(this.weight), this.graph.value(this.bias));
  }
}

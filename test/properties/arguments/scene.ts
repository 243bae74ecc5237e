import { frozenMatrix } from "../../../ts/entry/graph.js";
import {
  AdamW,
  ClassificationHead,
  engineInfo,
  Graph,
  LoraLinear,
  type Mark,
  type NodeId,
  SGD,
  tensor,
  type Tensor,
} from "../../../ts/index.js";

/** What calls are made on: a graph with nodes of some shapes, and objects on it. */
export interface Scene {
  readonly graph: Graph;
  /** Variables, by their shape. */
  readonly scalar: NodeId;
  readonly vector: NodeId;
  readonly matrix: NodeId;
  readonly square: NodeId;
  readonly qkv: NodeId;
  readonly heads: NodeId;
  /** A constant that nothing uses. */
  readonly spare: NodeId;
  /** A frozen weight `[3, 4]`. */
  readonly weight: NodeId;
  /** A matrix `[2, 3]` stored as binary16. */
  readonly stored: NodeId;
  /** A linear layer's weight `[3, 2]` and a table `[2, 3]` in groups. */
  readonly grouped: NodeId;
  readonly table: NodeId;
  /** A result that depends on variables. */
  readonly loss: NodeId;
  readonly layer: LoraLinear;
  readonly head: ClassificationHead;
  readonly adamw: AdamW;
  readonly sgd: SGD;
  readonly mark: Mark;
}

/** Right arguments of a call, everything optional given. */
export type Arguments = (scene: Scene) => unknown[];

/** Small numbers in a fixed order. */
export function filled(...shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    shape,
    Array.from({ length: size }, (_, i) => ((i * 7) % 11) / 8 + 0.125),
  );
}

/** A scene in the middle of a step, gradients there. */
export function setScene(): Scene {
  const graph = new Graph({ seed: 5 });
  const variable = (...shape: number[]) => graph.variable(filled(...shape));
  const leaves = { scalar: variable(), vector: variable(3), matrix: variable(2, 3), square: variable(3, 3) };
  const wide = { qkv: variable(4, 12), heads: variable(1, 2, 3, 2), weight: graph.constant(filled(3, 4)) };
  const spare = graph.constant(filled(2));
  const stored = frozenMatrix(graph, { shape: [2, 3], format: "f16", bytes: new Uint8Array(12).fill(0x3c) });
  const grouped = frozenMatrix(graph, { shape: [3, 2], format: "q8", transposed: true, bytes: new Uint8Array(68) });
  const table = frozenMatrix(graph, { shape: [2, 3], format: "q8", bytes: new Uint8Array(68) });
  const layer = LoraLinear.fromLinear(graph, wide.weight, null, 3, 4, { rank: 2 });
  const head = ClassificationHead.create(graph, 3, 2);
  const adamw = new AdamW(graph, [leaves.vector, leaves.matrix]);
  const sgd = new SGD(graph, [leaves.square], { momentum: 0.5 });
  // Chunks are kept: taken here, they are no change later.
  graph.reserve(4 * 1024 * 1024);
  const mark = graph.mark();
  const loss = graph.sum(graph.mul(graph.matmul(leaves.matrix, leaves.square), leaves.scalar));
  graph.backward(loss);
  return { graph, ...leaves, ...wide, spare, stored, grouped, table, loss, layer, head, adamw, sgd, mark };
}

/** Everything that a call that throws leaves as it was, as text. */
export function stateOf({ graph, scalar, vector, matrix, square, weight, stored, loss, adamw, sgd }: Scene): string {
  const nodes = [scalar, vector, matrix, square, weight, stored, loss];
  return JSON.stringify({
    length: graph.nodes.length,
    used: engineInfo().memory.used,
    streams: graph.streamsDrawn,
    training: graph.training,
    values: nodes.map((id) => graph.value(id).data.join()),
    gradients: nodes.map((id) => graph.grad(id)?.data.join()),
    rates: [adamw.lr, sgd.lr],
    optimizers: [adamw.state(), sgd.state()],
  });
}

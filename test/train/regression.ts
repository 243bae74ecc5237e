import { expect, onTestFinished } from "vitest";
import { type BatchLoss, engineInfo, Graph, type NodeId, type Task, tensor } from "../../ts/index.js";

/** Rows `[in]` and their targets; a row may have none. */
export interface Row {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** y = x·w on rows with any number of targets, each of them a repetition of x·w. */
export class Regression implements Task<Row> {
  readonly weight: NodeId;
  losses = 0;

  constructor(
    readonly graph: Graph,
    private readonly dropout = 0,
  ) {
    this.weight = graph.variable(tensor([3, 1], [0.5, -0.25, 1]));
  }

  params(): NodeId[] {
    return [this.weight];
  }

  loss(rows: readonly Row[]): BatchLoss {
    this.losses++;
    const { graph } = this;
    const pairs = rows.flatMap(({ x, y }) => y.map((target) => ({ x, target })));
    const x = graph.constant(
      tensor(
        [pairs.length, 3],
        pairs.flatMap((pair) => [...pair.x]),
      ),
    );
    const y = graph.constant(
      tensor(
        [pairs.length, 1],
        pairs.map(({ target }) => target),
      ),
    );
    const seen = this.dropout > 0 ? graph.dropout(x, this.dropout) : x;
    const sum = graph.mseLoss(graph.matmul(seen, this.weight), y, { reduction: "sum" });
    return { sum, targets: pairs.length, tokens: pairs.length };
  }

  get values(): number[] {
    return [...this.graph.value(this.weight).data];
  }
}

export const rows: Row[] = Array.from({ length: 12 }, (_, i) => ({
  x: [Math.sin(i), Math.cos(3 * i), (i % 5) / 4],
  y: Array.from({ length: 1 + ((i * 7) % 5) }, (_, j) => Math.sin(i + j)),
}));

/** A graph for a test, after which every byte must have come back. */
export function graphOfTest(): Graph {
  const { used } = engineInfo().memory;
  const graph = new Graph();
  onTestFinished(() => {
    graph.dispose();
    expect(engineInfo().memory.used).toBe(used);
  });
  return graph;
}

/** Linear memory in use after `body`, over what it was before. */
export async function taken(body: () => Promise<unknown>): Promise<number> {
  const before = engineInfo().memory.used;
  await body();
  return engineInfo().memory.used - before;
}

/** A task whose methods stand on the object itself. */
export function taskOf(task: Regression): Task<Row> {
  return { graph: task.graph, params: () => task.params(), loss: (part) => task.loss(part) };
}

/** Throws what no code of ours does. */
export function fail(): never {
  throw new Error("on purpose");
}

import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import {
  createEngine,
  engineInfo,
  Graph,
  MemoryError,
  type NodeId,
  normal,
  StaleNodeError,
  tensor,
  type Tensor,
} from "../../ts/index.js";
import { refuseAllocation, stateOf } from "./allocations.js";

it("the body's own error comes out where it closed the engine", async () => {
  const on = await createEngine({ build: engineInfo().build, threads: 1 });
  using graph = new Graph({ engine: on });
  const mine = new Error("mine");
  const body = () => {
    graph.constant(tensor([1], [1]));
    void on.close();
    throw mine;
  };
  expect(() => graph.allOrNothing(body)).toThrow(mine);
});

/** A forward pass with scratch, packed copies, saved values and a random stream; nothing is on the tape yet. */
function setting() {
  const graph = new Graph({ seed: 7 });
  const [x, w] = [graph.constant(normal(graph, [5, 6], 1)), graph.constant(normal(graph, [6, 9], 1))];
  const [a, b] = [graph.variable(normal(graph, [6, 2], 1)), graph.variable(normal(graph, [2, 9], 1))];
  const [gamma, beta] = [graph.variable(normal(graph, [9], 1)), graph.variable(normal(graph, [9], 1))];
  const adapters = [{ start: 0, width: 9, scaling: 0.5 }];
  const forward = () => {
    const dropped = graph.dropout(graph.layerNorm(x, null, null, { eps: 1e-5 }), 0.3);
    const hidden = graph.loraLinear([dropped, w, gamma, a, b], { bias: true, adapterInput: false, adapters });
    const normed = graph.layerNorm(hidden, gamma, beta, { eps: 1e-5 });
    const attended = graph.raggedAttention(normed, { offsets: [0, 2, 5], heads: 1 });
    const most = graph.amax(graph.reshape(attended, [5, 1, 3]), { dim: [0, 2] });
    const sum = graph.add(graph.mul(attended, attended), graph.mul(most, attended));
    return graph.crossEntropy(sum, [0, 1, 2, 0, 1], { weight: [1, 2, 0.5] });
  };
  return { graph, forward, variables: [a, b, gamma, beta] as const };
}

const bits = (value: Tensor | null) => value && [...new Uint32Array(value.data.slice().buffer)];

/**
 * Refuses each request for memory of `body` in turn, checks that nothing is left of it, and lets it succeed at last. Give
 * the tape room beforehand: a chunk larger than must be may be refused without harm.
 */
function refuseEach<T>(graph: Graph, body: () => T): { refused: number; result: T } {
  for (let failing = 0; ; failing++) {
    const before = stateOf(graph);
    const { error, result, allocations } = refuseAllocation([graph], failing, body);
    if (error === undefined && allocations === failing) return { refused: failing, result: result! };
    expect(error, `allocation ${failing} of ${allocations}`).toBeInstanceOf(MemoryError);
    expect(stateOf(graph), `allocation ${failing} refused`).toEqual(before);
  }
}

describe("a method that runs out of memory changes nothing:", () => {
  it("ops, whose every allocation is refused once, give the same bits afterwards", () => {
    const clean = setting();
    const expected = clean.graph.step(() => bits(clean.graph.value(clean.forward())));
    const { graph, forward } = setting();
    graph.reserve(100_000);
    const apply = graph["apply"].bind(graph);
    let refused = 0;
    graph["apply"] = (op, ids, attributes) => {
      const outcome = refuseEach(graph, () => apply(op, ids, attributes));
      refused += outcome.refused;
      return outcome.result;
    };
    expect(graph.step(() => bits(graph.value(forward())))).toEqual(expected);
    expect(refused).toBeGreaterThan(20);
    clean.graph.dispose();
    graph.dispose();
  });

  it("backward: gradients of before come back, and a later one gives the same bits", () => {
    const clean = setting();
    clean.graph.step(() => {
      const loss = clean.forward();
      for (let pass = 0; pass < 3; pass++) clean.graph.backward(loss);
    });
    const { graph, forward, variables } = setting();
    graph.reserve(100_000);
    graph.step(() => {
      const loss = forward();
      for (let pass = 0; pass < 3; pass++) {
        expect(refuseEach(graph, () => graph.backward(loss)).refused).toBeGreaterThan(10);
      }
    });
    variables.forEach((id, i) => {
      expect(bits(graph.grad(id))).toEqual(bits(clean.graph.grad(clean.variables[i]!)));
    });
    clean.graph.dispose();
    graph.dispose();
  });

  it("constants, variables and scopes, in a step and outside", () => {
    const graph = new Graph();
    graph.reserve(100_000);
    const data = tensor([7], [1, 2, 3, 4, 5, 6, 7]);
    expect(refuseEach(graph, () => graph.constant(data)).refused).toBe(1);
    expect(refuseEach(graph, () => graph.variable(data)).refused).toBe(1);
    graph.step(() => {
      expect(refuseEach(graph, () => graph.constant(data)).refused).toBe(1);
      // Its gradient's memory lives as long as itself.
      const { refused, result } = refuseEach(graph, () => graph.variable(data));
      expect(refused).toBe(2);
      expect(refuseEach(graph, () => graph.scope(() => graph.square(graph.neg(result)))).refused).toBe(3);
    });
    graph.dispose();
  });

  it("a step whose op failed leaves the next step in order", () => {
    const { graph, forward, variables } = setting();
    graph.reserve(100_000);
    const clean = setting();
    const first = () => clean.graph.step(() => bits(clean.graph.value(clean.forward())));
    const [one, two] = [first(), first()];
    expect(graph.step(() => bits(graph.value(forward())))).toEqual(one);
    const pass = () => graph.step(() => graph.backward(forward()));
    pass();
    graph.zeroGrads();
    const { allocations } = refuseAllocation([graph], -1, pass);
    graph.zeroGrads();
    for (let failing = 0; failing < allocations; failing++) {
      graph.streamsDrawn = 5;
      const used = engine().heap.used;
      const { error } = refuseAllocation([graph], failing, pass);
      expect(error).toBeInstanceOf(MemoryError);
      expect(variables.map((id) => graph.grad(id))).toEqual([null, null, null, null]);
      expect(engine().heap.used).toBe(used);
    }
    graph.streamsDrawn = clean.graph.streamsDrawn - 1;
    expect(graph.step(() => bits(graph.value(forward())))).toEqual(two);
    clean.graph.dispose();
    graph.dispose();
  });
});

describe("a graph whose tape could not grow", () => {
  /** Bytes that are left in the heap's budget while `body` runs. */
  function withBudget<T>(bytes: number, body: () => T): T {
    const { heap } = engine();
    heap.budget = heap.used + bytes;
    try {
      return body();
    } finally {
      heap.budget = Infinity;
    }
  }

  it("goes on once there is memory, outside steps and in them", () => {
    const graph = new Graph();
    const x = graph.constant(tensor([3], [1, 2, 3]));
    const { used } = engine().heap;
    const attempts: (() => unknown)[] = [
      () => graph.neg(x),
      () => graph.step(() => graph.neg(x)),
      () => graph.scope(() => graph.neg(x)),
      () => graph.constant(tensor([3], [1, 2, 3])),
      () => graph.reserve(1000),
    ];
    for (const attempt of attempts) {
      for (let again = 0; again < 2; again++) expect(() => withBudget(0, attempt)).toThrow(MemoryError);
      expect(engine().heap.used).toBe(used);
    }
    expect([...graph.value(graph.neg(x)).data]).toEqual([-1, -2, -3]);
    graph.dispose();
  });

  it("takes a smaller chunk where there is no room for a larger one", () => {
    const graph = new Graph();
    const x = graph.constant(tensor([3], [1, 2, 3]));
    withBudget(64, () => expect([...graph.value(graph.neg(x)).data]).toEqual([-1, -2, -3]));
    expect(() => withBudget(0, () => graph.neg(x))).toThrow(MemoryError);
    graph.dispose();
  });

  it("gives the first of two chunks back where the second cannot be had", () => {
    const graph = new Graph();
    const x = graph.constant(tensor([70_000, 1], new Float32Array(70_000)));
    const before = stateOf(graph);
    // There is room for the result, and none for the divisors of its rows.
    expect(() => withBudget(280_000, () => graph.normalize(x))).toThrow(MemoryError);
    expect(stateOf(graph)).toEqual(before);
    graph.dispose();
  });

  it("refuses tensors larger than any memory, and sizes that are no numbers", () => {
    const graph = new Graph();
    const x = graph.constant(tensor([1], [1]));
    const { used } = engine().heap;
    for (const shape of [[2 ** 31], [2 ** 40, 2 ** 40], [2 ** 53 - 1]]) {
      expect(() => graph.expand(x, shape)).toThrow(MemoryError);
    }
    expect(() => graph.arena.allocate(NaN)).toThrow(MemoryError);
    expect(() => engine().heap.allocate(NaN)).toThrow(MemoryError);
    expect(engine().heap.used).toBe(used);
    expect([...graph.value(graph.neg(x)).data]).toEqual([-1]);
    graph.dispose();
  });

  it("takes nothing once it is disposed", () => {
    const { used } = engine().heap;
    const graph = new Graph();
    graph.step(() => graph.dispose());
    expect(() => graph.reserve(1000)).toThrow(StaleNodeError);
    expect(() => normal(graph, [3], 1)).toThrow(StaleNodeError);
    expect(() => graph.mark()).toThrow(StaleNodeError);
    expect(() => graph.neg(1 as NodeId)).toThrow(StaleNodeError);
    expect(engine().heap.used).toBe(used);
  });
});

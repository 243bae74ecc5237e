import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { frozenMatrix } from "../../ts/entry/graph.js";
import { ConfigError, Graph, MemoryError, type NodeId, normal, type Tensor, tensor } from "../../ts/index.js";
import { refuseAllocation, stateOf } from "./allocations.js";

const bits = (value: Tensor | null) => value && [...new Uint32Array(value.data.slice().buffer)];

/** The upper halves of float32 values. */
const bf16 = ({ data }: Tensor) =>
  new Uint8Array(Uint16Array.from(data, (_, i) => new Uint16Array(data.buffer)[2 * i + 1]!).buffer);

/** Runs a part of a computation with or without a checkpoint. */
type Around = (graph: Graph, fn: (...inputs: NodeId[]) => NodeId, inputs: NodeId[]) => NodeId;
const kept: Around = (_, fn, inputs) => fn(...inputs);
const checkpointed: Around = (graph, fn, inputs) => graph.checkpoint(fn, inputs);

/** Layers with dropout, sums of what went in and what came out, norms, LoRA, attention: a small transformer. */
function stack(around: Around, { layers = 3, rows = 6, inner = around, seed = 7 } = {}) {
  const graph = new Graph({ seed });
  const random = (...shape: number[]) => normal(graph, shape, 0.5);
  const x = graph.variable(random(rows, 4));
  const made = Array.from({ length: layers }, () => ({
    qkv: graph.constant(random(4, 12)),
    out: frozenMatrix(graph, { shape: [4, 4], format: "bf16", bytes: bf16(random(4, 4)) }),
    a: graph.variable(random(4, 2)),
    b: graph.variable(random(2, 12)),
    gamma: graph.variable(random(4)),
  }));
  const variables = [x, ...made.flatMap(({ a, b, gamma }) => [a, b, gamma])];
  const layer = (h: NodeId, { qkv, out, a, b, gamma }: (typeof made)[number]) => {
    const adapters = [{ start: 0, width: 12, scaling: 0.5 }];
    const attend = (given: NodeId) => {
      const dropped = graph.dropout(given, 0.3);
      const joined = graph.loraLinear([given, qkv, dropped, a, b], { bias: false, adapterInput: true, adapters });
      return graph.raggedAttention(joined, { offsets: [0, 2, rows], heads: 2 });
    };
    const attended = graph.add(graph.linear(inner(graph, attend, [h]), out), h);
    return graph.layerNorm(graph.gelu(attended), gamma, null, { eps: 1e-5 });
  };
  const forward = () => {
    let h = x;
    for (const weights of made)
      h = graph.add(
        around(graph, (input) => layer(input, weights), [h]),
        h,
      );
    return graph.mean(graph.square(h));
  };
  return { graph, forward, variables };
}

function gradientsOf({ graph, forward, variables }: ReturnType<typeof stack>, passes = 2) {
  const losses = Array.from({ length: passes }, () =>
    graph.step(() => {
      const loss = forward();
      graph.backward(loss);
      return bits(graph.value(loss));
    }),
  );
  const gradients = variables.map((id) => bits(graph.grad(id)));
  const streams = graph.streamsDrawn;
  graph.dispose();
  return { losses, gradients, streams };
}

describe("checkpoint", () => {
  it("gives loss and gradients to the bit, dropout and several passes included", () => {
    expect(gradientsOf(stack(checkpointed))).toEqual(gradientsOf(stack(kept)));
  });

  it("nested ones too, in segments that are checkpoints and in ones that are not", () => {
    const plain = gradientsOf(stack(kept));
    expect(gradientsOf(stack(checkpointed, { inner: kept }))).toEqual(plain);
    expect(gradientsOf(stack(kept, { inner: checkpointed }))).toEqual(plain);
    const twice: Around = (graph, fn, inputs) => graph.checkpoint((x) => graph.checkpoint(fn, [x]), inputs);
    expect(gradientsOf(stack(twice))).toEqual(plain);
  });

  it("gives gradients to variables that are no inputs, where all inputs are frozen", () => {
    using graph = new Graph();
    const [x, w] = [graph.constant(tensor([2], [3, 5])), graph.variable(tensor([2], [1, 2]))];
    graph.step(() => {
      const y = graph.checkpoint((input) => graph.mul(input, w), [x]);
      expect(graph.requiresGrad(y)).toBe(true);
      graph.backward(graph.sum(y));
    });
    expect([...graph.grad(w)!.data]).toEqual([3, 5]);
  });

  it("differentiates an input that comes back as it is, a variable among them, and results of the outside", () => {
    using graph = new Graph();
    const w = graph.variable(tensor([2], [1, 2]));
    graph.step(() => {
      const outside = graph.square(w);
      const same = graph.checkpoint((x) => x, [w]);
      const captured = graph.checkpoint(() => graph.mul(outside, outside), []);
      graph.backward(
        graph.sum(
          graph.add(
            graph.add(same, captured),
            graph.checkpoint(() => outside, []),
          ),
        ),
      );
    });
    // d(w + w⁴ + w²)/dw
    expect([...graph.grad(w)!.data]).toEqual([1 + 4 + 2, 1 + 32 + 4]);
  });

  it("runs again in the mode of then, whatever mode and recording are now", () => {
    const run = (around: Around) => {
      const graph = new Graph({ seed: 3 });
      const x = graph.variable(tensor([64], new Array<number>(64).fill(1)));
      graph.step(() => {
        const loss = graph.sum(around(graph, (input) => graph.dropout(input, 0.5), [x]));
        graph.eval();
        graph.noGrad(() => graph.backward(loss));
        expect(graph.training).toBe(false);
      });
      const gradient = bits(graph.grad(x));
      graph.dispose();
      return gradient;
    };
    expect(run(checkpointed)).toEqual(run(kept));
    expect(new Set(run(kept)).size).toBe(2);
  });

  it("agrees with central differences", () => {
    using graph = new Graph();
    const x = graph.variable(tensor([3], [0.3, -0.7, 1.1]));
    const f = () => graph.sum(graph.checkpoint((y) => graph.mul(graph.sin(y), graph.exp(y)), [graph.square(x)]));
    graph.step(() => graph.backward(f()));
    const exact = graph.grad(x)!.data;
    const at = graph.value(x);
    for (let i = 0; i < 3; i++) {
      const value = (step: number) => {
        const moved = at.data.slice();
        moved[i]! += step;
        graph.setValue(x, { shape: [3], data: moved });
        return graph.step(() => graph.value(f()).data[0]!);
      };
      const h = 1e-2;
      const numeric = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h);
      expect(Math.abs(numeric - exact[i]!)).toBeLessThan(1e-3);
    }
  });

  it("changes no bit of random computations, wherever its ends are", () => {
    const op = fc.constantFrom("mul", "add", "gelu", "dropout", "matmul", "neg", "reshape", "softmax", "layerNorm");
    const program = fc.array(fc.tuple(op, fc.nat(99), fc.nat(99)), { minLength: 3, maxLength: 20 });
    const build = (steps: [string, number, number][], from: number, to: number, around: Around) => {
      const graph = new Graph({ seed: 5 });
      const leaves = [0, 1, 2].map((i) =>
        (i < 2 ? graph.variable.bind(graph) : graph.constant.bind(graph))(normal(graph, [4, 4], 0.5)),
      );
      const one = (nodes: readonly NodeId[], [name, i, j]: [string, number, number]): NodeId => {
        const [a, b] = [nodes[i % nodes.length]!, nodes[j % nodes.length]!];
        if (name === "mul" || name === "add" || name === "matmul") return graph[name](a, b);
        if (name === "dropout") return graph.dropout(a, 0.4);
        if (name === "reshape") return graph.reshape(a, [4, 4]);
        if (name === "softmax") return graph.softmax(a, j % 2);
        if (name === "layerNorm") return graph.layerNorm(a, null, null, { eps: 1e-3 });
        return graph[name as "neg"](a);
      };
      graph.step(() => {
        const nodes = [...leaves];
        steps.slice(0, from).forEach((step) => nodes.push(one(nodes, step)));
        const within = (...inputs: NodeId[]) => {
          const own = [...inputs];
          steps.slice(from, to).forEach((step) => own.push(one(own, step)));
          return own.at(-1)!;
        };
        nodes.push(around(graph, within, [...nodes]));
        steps.slice(to).forEach((step) => nodes.push(one(nodes, step)));
        let loss = graph.sum(leaves[0]!);
        for (const node of nodes) loss = graph.add(loss, graph.mean(node));
        graph.backward(loss);
      });
      const gradients = leaves.map((id) => bits(graph.grad(id)));
      graph.dispose();
      return gradients;
    };
    fc.assert(
      fc.property(program, fc.nat(99), fc.nat(99), (steps, a, b) => {
        const from = a % steps.length;
        const to = from + 1 + (b % (steps.length - from));
        expect(build(steps, from, to, checkpointed)).toEqual(build(steps, from, to, kept));
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it("lowers the peak of a step, and leaves nothing behind", () => {
    const before = engine().heap.used;
    const tape = (around: Around, inner = around) => {
      const made = stack(around, { layers: 12, rows: 400, inner });
      for (let i = 0; i < 2; i++) made.graph.step(() => made.graph.backward(made.forward()));
      const size = made.graph.arena.chunks.reduce((sum, chunk) => sum + chunk.size, 0);
      made.graph.dispose();
      return size;
    };
    const [plain, less] = [tape(kept), tape(checkpointed, kept)];
    expect(less).toBeLessThan(0.5 * plain);
    expect(engine().heap.used).toBe(before);
  });
});

describe("what goes wrong in a checkpoint changes nothing:", () => {
  const setting = () => {
    const graph = new Graph({ seed: 1 });
    const x = graph.variable(tensor([2], [1, 2]));
    graph.step(() => graph.backward(graph.sum(graph.dropout(x, 0.5))));
    return { graph, x };
  };

  it("an error of the function, when it runs first and when it runs again", () => {
    for (const failing of [1, 2]) {
      const { graph, x } = setting();
      let runs = 0;
      const mine = new Error("mine");
      const fn = (input: NodeId) => {
        const dropped = graph.dropout(graph.square(input), 0.5);
        graph.mark();
        if (++runs === failing) throw mine;
        return dropped;
      };
      graph.step(() => {
        let before = stateOf(graph);
        const first = () => graph.sum(graph.checkpoint(fn, [x]));
        if (failing === 1) expect(first).toThrow(mine);
        else {
          const loss = first();
          before = stateOf(graph);
          expect(() => graph.backward(loss)).toThrow(mine);
        }
        expect(stateOf(graph)).toEqual(before);
      });
      graph.dispose();
    }
  });

  it("each request for memory refused, in both directions", () => {
    const { graph, forward, variables } = stack(checkpointed, { layers: 2, rows: 3 });
    const clean = stack(checkpointed, { layers: 2, rows: 3 });
    graph.reserve(100_000);
    graph.step(() => {
      let failing = 0;
      for (; ; failing++) {
        const before = stateOf(graph);
        const outcome = refuseAllocation([graph], failing, () => graph.checkpoint(() => forward(), []));
        if (outcome.error === undefined) {
          const loss = outcome.result!;
          for (let again = 0; ; again++) {
            const state = stateOf(graph);
            const { error } = refuseAllocation([graph], again, () => graph.backward(loss));
            if (error === undefined) break;
            expect(error, `${again} of backward`).toBeInstanceOf(MemoryError);
            expect(stateOf(graph), `${again} of backward`).toEqual(state);
          }
          break;
        }
        expect(outcome.error, `${failing} of forward`).toBeInstanceOf(MemoryError);
        expect({ ...stateOf(graph), nodes: [], used: 0 }).toEqual({ ...before, nodes: [], used: 0 });
      }
      expect(failing).toBeGreaterThan(20);
    });
    clean.graph.step(() => clean.graph.backward(clean.forward()));
    variables.forEach((id, i) => expect(bits(graph.grad(id))).toEqual(bits(clean.graph.grad(clean.variables[i]!))));
    graph.dispose();
    clean.graph.dispose();
  });

  it("an op that fails in it and is caught", () => {
    const run = (around: Around) => {
      const { graph, x } = setting();
      graph.step(() => {
        const fn = (input: NodeId) => {
          const square = graph.square(input);
          expect(() => graph.matmul(square, graph.constant(tensor([3, 1], [1, 2, 3])))).toThrow("inner dimensions");
          return graph.mul(square, graph.exp(square));
        };
        graph.backward(graph.sum(around(graph, fn, [x])));
        const made = Array.from({ length: 30 }, (_, i) => graph.constant(tensor([2], [i, i])));
        made.forEach((id, i) => expect([...graph.value(id).data]).toEqual([i, i]));
      });
      const gradient = bits(graph.grad(x));
      graph.dispose();
      return gradient;
    };
    expect(run(checkpointed)).toEqual(run(kept));
  });

  it("what a function may not do", () => {
    const { graph, x } = setting();
    const refused = (fn: (input: NodeId) => unknown, message: string) => {
      graph.step(() => {
        const before = stateOf(graph);
        const call = () => graph.checkpoint(fn as (input: NodeId) => NodeId, [x]);
        expect(call).toThrow(ConfigError);
        expect(call).toThrow(message);
        expect(stateOf(graph)).toEqual(before);
      });
    };
    refused(async () => x, "promise");
    refused((input) => graph.mul(input, graph.variable(tensor([2], [1, 1]))), "fn made a variable");
    refused((input) => (graph.backward(graph.sum(input)), input), "runs twice");
    refused((input) => (graph.zeroGrads(), input), "runs twice");
    refused((input) => (graph.setValue(x, tensor([2], [5, 5])), input), "runs twice");
    refused((input) => (graph.dispose(), input), "runs twice");
    refused((input) => (graph.release([x]), input), "runs twice");
    graph.dispose();
  });

  it("another shape, or a rewound mark, when it runs again", () => {
    const { graph, x } = setting();
    let runs = 0;
    const other = (input: NodeId) => graph.reshape(input, runs++ === 0 ? [2, 1] : [1, 2]);
    graph.step(() => {
      const loss = graph.sum(graph.checkpoint(other, [x]));
      const before = stateOf(graph);
      expect(() => graph.backward(loss)).toThrow("when it ran again");
      expect(stateOf(graph)).toEqual(before);
    });
    const mark = graph.mark();
    runs = 0;
    const loss = graph.sum(graph.checkpoint((input) => (runs++ > 0 && graph.rewind(mark), graph.neg(input)), [x]));
    const before = stateOf(graph);
    expect(() => graph.backward(loss)).toThrow("still open");
    expect(stateOf(graph)).toEqual(before);
    graph.rewind(mark);
    graph.dispose();
  });

  it("a leaf that its function uses cannot be released before the step ends", () => {
    const { graph, x } = setting();
    const w = graph.constant(tensor([2], [1, 2]));
    graph.step(() => {
      graph.checkpoint((input) => graph.mul(input, w), [x]);
      expect(() => graph.release([w])).toThrow("is an input of node");
    });
    graph.release([w]);
    graph.dispose();
  });
});

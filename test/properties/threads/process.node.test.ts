import { expect, it } from "vitest";
import { inProcess } from "../../setup/node-process.js";

it("a process with a pool ends by itself", async () => {
  expect(await inProcess("tell((await lowrank.init({ threads: 2 })).threads);")).toBe(2);
});

it("processes of one thread, two and four give the same bits: product, softmax and its gradient", async () => {
  const program = (threads: number) => `
    const { Graph, init, normal } = lowrank;
    await init({ threads: ${threads}, build: "simd" });
    const graph = new Graph({ seed: 1 });
    // Logits of about 1, so that no weight is all and none is nothing.
    const [a, b] = [graph.variable(normal(graph, [200, 300], 0.1)), graph.variable(normal(graph, [300, 100], 0.6))];
    const weights = graph.softmax(graph.matmul(a, b));
    graph.backward(graph.sum(graph.square(weights)));
    tell([graph.value(weights), graph.grad(a), graph.grad(b)].map(({ data }) => [...data]));`;
  const one = await inProcess<number[][]>(program(1));
  expect(one.map((list) => list.length)).toEqual([20_000, 60_000, 30_000]);
  // Weights of a row are 0.01 on average; the largest and the smallest say that the softmax is not saturated.
  expect(Math.max(...one[0]!)).toBeLessThan(0.5);
  expect(Math.min(...one[0]!)).toBeGreaterThan(1e-5);
  for (const threads of [2, 4]) expect(JSON.stringify(await inProcess(program(threads)))).toBe(JSON.stringify(one));
});

import { expect, it } from "vitest";
import { inProcess } from "../../setup/node-process.js";

/** A layer that learns in `fit`-like steps with the event loop between them; gives its matrices. */
const train = `
  const { AdamW, createEngine, Graph, LoraLinear, normal } = lowrank;
  async function train(engine, seed, steps) {
    const graph = new Graph({ engine, seed });
    const weight = graph.constant(normal(graph, [192, 160], 0.1));
    const layer = LoraLinear.fromLinear(graph, weight, null, 192, 160, { rank: 8, alpha: 16 });
    const optimizer = new AdamW(graph, layer.trainableParams(), { lr: 1e-2 });
    const [x, target] = [normal(graph, [301, 192], 1), normal(graph, [301, 160], 1)];
    for (let step = 0; step < steps; step++) {
      optimizer.zeroGrad();
      graph.step(() => {
        const y = graph.gelu(layer.forward(graph, graph.constant(x)));
        graph.backward(graph.mseLoss(y, graph.constant(target)));
      });
      optimizer.step();
      await new Promise(setImmediate);
    }
    const result = [layer.loraA, layer.loraB].map((id) => [...graph.value(id).data]);
    graph.dispose();
    return JSON.stringify(result);
  }`;

it("engines of one thread, two and three train at once, in one process, to the bits that each gives alone", async () => {
  const found = await inProcess<object>(`${train}
    const engines = await Promise.all([1, 2, 3].map((threads) => createEngine({ build: "simd", threads })));
    const alone = [];
    for (const [i, engine] of engines.entries()) alone.push(await train(engine, i, 12));
    const together = await Promise.all(engines.map((engine, i) => train(engine, i, 12)));
    const same = together.map((result, i) => result === alone[i]);
    const other = alone[0] !== alone[1];
    const running = workers();
    await engines[2].close();
    const left = workers();
    const goesOn = (await train(engines[1], 1, 12)) === alone[1];
    await Promise.all(engines.map((engine) => engine.close()));
    tell({ threads: [running, left, workers()], same, other, goesOn });`);
  expect(found).toEqual({ threads: [3, 1, 0], same: [true, true, true], other: true, goesOn: true });
});

it("fifty engines, each with three threads and 32 MB, come and go: no thread stays, and memory does not grow", async () => {
  const found = await inProcess<{ workers: number[]; resident: number[] }>(
    `
    const { createEngine, Graph, tensor } = lowrank;
    const values = new Float32Array(2 ** 23).fill(1);
    const graphs = [];
    const tale = { workers: [], resident: [] };
    for (let i = 0; i < 50; i++) {
      const engine = await createEngine({ build: "simd", threads: 3 });
      const graph = new Graph({ engine });
      const x = graph.constant({ shape: [2048, 4096], data: values });
      graph.sum(x);
      await engine.close();
      // Whoever keeps a graph keeps no memory of its engine.
      graphs.push(graph);
      gc();
      if (i % 10 === 9) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        gc();
        tale.workers.push(workers());
        tale.resident.push(process.memoryUsage().rss / 2 ** 20);
      }
    }
    tell(tale);`,
    { flags: ["--expose-gc"] },
  );
  expect(found.workers).toEqual([0, 0, 0, 0, 0]);
  // Forty engines after the first ten would be 1,280 MB.
  expect(found.resident[4]! - found.resident[0]!).toBeLessThan(200);
});

it("a process ends by itself while engines run, and waits for `close`", async () => {
  expect(await inProcess("for (const threads of [2, 3]) await lowrank.createEngine({ threads }); tell(1);")).toBe(1);
  const closing = `
    const engine = await lowrank.createEngine({ threads: 3 });
    await engine.close();
    tell(workers());`;
  expect(await inProcess(closing)).toBe(0);
});

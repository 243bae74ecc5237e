// Trains a layer with LoRA on the GPU and on WebAssembly with the built package, and prints both, or the error of the GPU's start.
import { AdamW, clipGradNormLater, createEngine, Graph, LoraLinear, normal } from "../../dist/node.js";

const [ROWS, INPUT, OUTPUT, STEPS] = [9, 12, 7, 6];

async function train(engine) {
  const graph = new Graph({ engine, seed: 1 });
  const weight = graph.constant(normal(graph, [INPUT, OUTPUT], 0.3));
  const layer = LoraLinear.fromLinear(graph, weight, null, INPUT, OUTPUT, { rank: 2, alpha: 4 });
  const optimizer = new AdamW(graph, layer.trainableParams(), { lr: 0.05 });
  const x = normal(graph, [ROWS, INPUT], 1);
  const y = normal(graph, [ROWS, OUTPUT], 1);
  const [losses, norms] = [[], []];
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    graph.step(() => {
      const loss = graph.mseLoss(graph.gelu(layer.forward(graph, graph.constant(x))), graph.constant(y));
      graph.backward(loss);
      losses.push(graph.read(loss));
    });
    norms.push(clipGradNormLater(graph, layer.trainableParams(), 1));
    optimizer.step();
  }
  const numbers = [
    ...(await Promise.all(losses)).map(({ data }) => data[0]),
    ...(await Promise.all(norms)),
    ...(await graph.read(layer.loraA)).data,
  ];
  graph.dispose();
  await engine.close();
  return numbers;
}

try {
  const gpu = await createEngine({ device: "webgpu", threads: 1 });
  const { adapter } = gpu.info;
  const onGpu = await train(gpu);
  console.log(JSON.stringify({ adapter, gpu: onGpu, wasm: await train(await createEngine({ threads: 1 })) }));
} catch (error) {
  console.log(JSON.stringify({ error: { name: error.name, message: error.message, details: error.details } }));
}

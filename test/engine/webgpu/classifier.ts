import { AdamW, type Engine, Graph, LoraLinear, normal } from "../../../ts/index.js";
import { train, type Trained } from "./training-loop.js";

const [ROWS, INPUT, HIDDEN, CLASSES] = [37, 70, 131, 5];

/** Trains two layers with LoRA, GELU, dropout and a head on one batch: products, biases, sums, cross entropy, clipping and AdamW. */
export async function trainClassifier(engine: Engine, steps: number, each?: () => void): Promise<Trained> {
  using graph = new Graph({ engine, seed: 7 });
  const frozen = (shape: number[], deviation: number) => graph.constant(normal(graph, shape, deviation));
  const layer = (inFeatures: number, outFeatures: number) =>
    LoraLinear.fromLinear(
      graph,
      frozen([inFeatures, outFeatures], 0.1),
      frozen([outFeatures], 0.1),
      inFeatures,
      outFeatures,
      { rank: 4, alpha: 12, dropout: 0.1 },
    );
  const [first, second] = [layer(INPUT, HIDDEN), layer(HIDDEN, HIDDEN)];
  const weight = graph.variable(normal(graph, [HIDDEN, CLASSES], 0.1));
  const bias = graph.variable(normal(graph, [CLASSES], 0.1));
  const parameters = [...first.trainableParams(), ...second.trainableParams(), weight, bias];
  const optimizer = new AdamW(graph, parameters, { lr: 1e-2, weightDecay: 0.05 });
  const x = normal(graph, [ROWS, INPUT], 1);
  const targets = Array.from({ length: ROWS }, (_, i) => (i * 3) % CLASSES);
  const loss = () => {
    const hidden = graph.gelu(first.forward(graph, graph.constant(x)));
    const sum = graph.add(second.forward(graph, hidden), hidden);
    return graph.crossEntropy(graph.linear(sum, weight, bias), targets, { labelSmoothing: 0.1 });
  };
  return await train({ graph, parameters, optimizer, steps, maxNorm: 0.5, loss, ...(each && { each }) });
}

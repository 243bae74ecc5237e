import {
  AdamW,
  clipGradNormLater,
  type Engine,
  Graph,
  LoraLinear,
  type NodeId,
  normal,
  type Tensor,
} from "../../../ts/index.js";

/** What a run gave, for comparison between engines. */
export interface Trained {
  readonly losses: number[];
  readonly norms: number[];
  readonly gradients: Float32Array[];
  readonly parameters: Float32Array[];
}

const [ROWS, INPUT, HIDDEN, CLASSES] = [37, 70, 131, 5];

/** Trains two layers with LoRA, GELU, dropout and a head on one batch: products, biases, sums, cross entropy, clipping and AdamW. */
export async function trainClassifier(engine: Engine, steps: number, each?: () => void): Promise<Trained> {
  using graph = new Graph({ engine, seed: 7 });
  const frozen = (shape: number[], deviation: number) => graph.constant(normal(graph, shape, deviation));
  const layer = (inFeatures: number, outFeatures: number) =>
    LoraLinear.fromLinear(
      ...([
        graph,
        frozen([inFeatures, outFeatures], 0.1),
        frozen([outFeatures], 0.1),
        inFeatures,
        outFeatures,
      ] as const),
      { rank: 4, alpha: 12, dropout: 0.1 },
    );
  const [first, second] = [layer(INPUT, HIDDEN), layer(HIDDEN, HIDDEN)];
  const weight = graph.variable(normal(graph, [HIDDEN, CLASSES], 0.1));
  const bias = graph.variable(normal(graph, [CLASSES], 0.1));
  const parameters = [...first.trainableParams(), ...second.trainableParams(), weight, bias];
  const optimizer = new AdamW(graph, parameters, { lr: 1e-2, weightDecay: 0.05 });
  const x = normal(graph, [ROWS, INPUT], 1);
  const targets = Array.from({ length: ROWS }, (_, i) => (i * 3) % CLASSES);
  const losses: Promise<Tensor>[] = [];
  const norms: Promise<number>[] = [];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    graph.step(() => {
      const hidden = graph.gelu(first.forward(graph, graph.constant(x)));
      const sum = graph.add(second.forward(graph, hidden), hidden);
      const logits = graph.linear(sum, weight, bias);
      const loss = graph.crossEntropy(logits, targets, { labelSmoothing: 0.1 });
      graph.backward(loss);
      losses.push(graph.read(loss));
    });
    norms.push(clipGradNormLater(graph, parameters, 0.5));
    if (step < steps - 1) optimizer.step();
    each?.();
  }
  const data = async (read: (id: NodeId) => Promise<Tensor | null>) =>
    Promise.all(parameters.map(async (id) => (await read(id))!.data));
  const trained = {
    losses: (await Promise.all(losses)).map(({ data }) => data[0]!),
    norms: await Promise.all(norms),
    gradients: await data((id) => graph.readGrad(id)),
    parameters: await data((id) => graph.read(id)),
  };
  optimizer.dispose();
  return trained;
}

/** Largest difference between two lists of numbers, as a share of the largest number. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [apart, most] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    apart = Math.max(apart, Math.abs(a[i]! - b[i]!));
    most = Math.max(most, Math.abs(a[i]!));
  }
  return Number.isNaN(apart) || a.length !== b.length ? Infinity : apart / (most || 1);
}

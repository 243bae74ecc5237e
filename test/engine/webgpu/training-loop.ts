import { type AdamW, clipGradNormLater, type Graph, type NodeId, type Tensor } from "../../../ts/index.js";

/** What a run gave, for comparison between engines. */
export interface Trained {
  readonly losses: number[];
  readonly norms: number[];
  readonly gradients: Float32Array[];
  readonly parameters: Float32Array[];
}

export interface Loop {
  readonly graph: Graph;
  readonly parameters: readonly NodeId[];
  /** Disposed of at the end. */
  readonly optimizer: AdamW;
  readonly steps: number;
  readonly maxNorm: number;
  /** The loss of a step. */
  loss(): NodeId;
  /** Called after each step. */
  each?(): void;
}

/** Trains by reading losses, norms and gradients as promises, as every device can. The last step's gradients are clipped and not applied. */
export async function train({ graph, parameters, optimizer, steps, maxNorm, loss, each }: Loop): Promise<Trained> {
  const losses: Promise<Tensor>[] = [];
  const norms: Promise<number>[] = [];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    graph.step(() => {
      const id = loss();
      graph.backward(id);
      losses.push(graph.read(id));
    });
    norms.push(clipGradNormLater(graph, parameters, maxNorm));
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

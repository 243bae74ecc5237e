import { AdamW, type Engine, Graph, type NodeId, normal, tensor } from "../../../ts/index.js";
import { train, type Trained } from "./training-loop.js";

const [VOCABULARY, HIDDEN, HEADS, INNER, LAYERS, RANK] = [50, 48, 4, 80, 2, 4];
const LENGTHS = [5, 17, 3, 9];

/**
 * Trains two layers of BERT with LoRA on query, key and value, and a head, on one ragged batch: embeddings, layer norm, attention without
 * padding, fused adapters, GELU, pooling and cross entropy.
 */
export async function trainEncoder(engine: Engine, steps: number): Promise<Trained> {
  using graph = new Graph({ engine, seed: 5 });
  const frozen = (shape: number[], deviation: number) => graph.constant(normal(graph, shape, deviation));
  const parameters: NodeId[] = [];
  const trained = (shape: number[], deviation: number) => {
    const id = graph.variable(normal(graph, shape, deviation));
    parameters.push(id);
    return id;
  };
  const norm = () => ({
    weight: graph.constant(tensor([HIDDEN], new Float32Array(HIDDEN).fill(1.1))),
    bias: frozen([HIDDEN], 0.1),
  });
  const [words, places, first] = [frozen([VOCABULARY, HIDDEN], 1), frozen([32, HIDDEN], 0.5), norm()];
  const layers = Array.from({ length: LAYERS }, () => ({
    adapters: [0, 1, 2].flatMap(() => [trained([HIDDEN, RANK], 0.2), trained([RANK, HIDDEN], 0.05)]),
    qkv: [frozen([HIDDEN, 3 * HIDDEN], 0.2), frozen([3 * HIDDEN], 0.1)] as const,
    output: [frozen([HIDDEN, HIDDEN], 0.2), frozen([HIDDEN], 0.1)] as const,
    inner: [frozen([HIDDEN, INNER], 0.2), frozen([INNER], 0.1)] as const,
    outer: [frozen([INNER, HIDDEN], 0.2), frozen([HIDDEN], 0.1)] as const,
    norms: [norm(), norm()] as const,
  }));
  const head = [trained([HIDDEN, 2], 0.2), trained([2], 0.1)] as const;
  const offsets = LENGTHS.reduce((sums, length) => [...sums, sums.at(-1)! + length], [0]);
  const ids = Array.from({ length: offsets.at(-1)! }, (_, i) => (i * 7 + 3) % VOCABULARY);
  const positions = LENGTHS.flatMap((length) => Array.from({ length }, (_, i) => i));
  const normed = (x: NodeId, { weight, bias }: ReturnType<typeof norm>) =>
    graph.layerNorm(x, weight, bias, { eps: 1e-12 });
  const columns = [0, 1, 2].map((i) => ({ start: i * HIDDEN, width: HIDDEN, scaling: 2 }));

  const optimizer = new AdamW(graph, parameters, { lr: 5e-3 });
  const loss = () => {
    let x = normed(graph.add(graph.embedding(words, ids), graph.embedding(places, positions)), first);
    for (const { adapters, qkv, output, inner, outer, norms } of layers) {
      const joined = graph.loraLinear([x, ...qkv, ...adapters], {
        bias: true,
        adapterInput: false,
        adapters: columns,
      });
      const attended = graph.raggedAttention(joined, { offsets, heads: HEADS });
      const middle = normed(graph.add(graph.linear(attended, ...output), x), norms[0]);
      x = normed(graph.add(graph.linear(graph.gelu(graph.linear(middle, ...inner)), ...outer), middle), norms[1]);
    }
    const logits = graph.linear(graph.meanPool(x, offsets), ...head);
    return graph.crossEntropy(logits, LENGTHS.map((_, i) => i % 2)); // prettier-ignore
  };
  return await train({ graph, parameters, optimizer, steps, maxNorm: 1, loss });
}

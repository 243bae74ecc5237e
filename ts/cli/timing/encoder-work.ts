import { AdamW, clipGradNormLater, type Graph, type NodeId, normal, tensor } from "../../index.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import type { KernelWork, RunWork } from "./kernel-work.js";

/** Sizes of an encoder of BERT's kind. */
interface EncoderSize {
  readonly texts: number;
  /** Tokens of each text. */
  readonly tokens: number;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly inner: number;
  readonly rank: number;
}

/** all-MiniLM-L6-v2 on a batch of 16 texts. */
export const MINILM: EncoderSize = { texts: 16, tokens: 32, layers: 6, hidden: 384, heads: 12, inner: 1536, rank: 8 };

/**
 * A training step of an encoder with LoRA on query and value, from embeddings to AdamW: what a step with a model of that size computes, but
 * with random weights, so that nothing is downloaded.
 */
export function encoderStep(name: string, size: EncoderSize): KernelWork {
  const { texts, tokens, layers, hidden, inner, rank } = size;
  const rows = texts * tokens;
  // Forward and the inputs' gradients through every weight, both through A and B with their gradients, and five products of attention's gradient.
  const weights = 4 * rows * (4 * hidden * hidden + 2 * hidden * inner);
  const adapters = 6 * rows * 2 * rank * 2 * hidden;
  const attention = 7 * 2 * texts * tokens * tokens * hidden;
  const operations = layers * (weights + adapters + attention);
  return { name, shape: [texts, tokens, hidden, layers], operations, prepare: (graph) => prepare(graph, size) };
}

function prepare(graph: Graph, size: EncoderSize): RunWork {
  const { texts, tokens, hidden, heads } = size;
  const frozen = (...shape: number[]) => graph.constant(normal(graph, shape, 0.02));
  const norm = () => [graph.constant(tensor([hidden], new Float32Array(hidden).fill(1))), frozen(hidden)] as const;
  const parameters: NodeId[] = [];
  const trained = (...shape: number[]) => {
    const id = graph.variable(normal(graph, shape, 0.02));
    parameters.push(id);
    return id;
  };
  const table = frozen(1000, hidden);
  const first = norm();
  const all = Array.from({ length: size.layers }, () => layerOf(size, frozen, trained, norm));
  const head = [trained(hidden, 2), trained(2)] as const;
  const optimizer = new AdamW(graph, parameters);
  const batch = raggedBatch(
    Array.from({ length: texts }, (_, text) => Array.from({ length: tokens }, (_, i) => (text * 31 + i * 7) % 1000)),
  );
  const labels = Array.from({ length: texts }, (_, i) => i % 2);
  const loss = () => {
    let x = graph.layerNorm(graph.embedding(table, batch.ids), ...first);
    for (const { qkv, adapters, output, up, down, norms } of all) {
      // Query and value: columns of the joined product.
      const columns = [0, 2].map((i) => ({ start: i * hidden, width: hidden, scaling: 2 }));
      const options = { bias: true, adapterInput: false, adapters: columns };
      const joined = graph.loraLinear([x, ...qkv, ...adapters], options);
      const attended = graph.raggedAttention(joined, { offsets: batch.offsets, heads });
      const middle = graph.layerNorm(graph.add(graph.linear(attended, ...output), x), ...norms[0]);
      const inner = graph.gelu(graph.linear(middle, ...up));
      x = graph.layerNorm(graph.add(graph.linear(inner, ...down), middle), ...norms[1]);
    }
    return graph.crossEntropy(graph.linear(graph.meanPool(x, batch.offsets), ...head), labels);
  };
  return (result) => {
    optimizer.zeroGrad();
    graph.step(() => {
      const id = loss();
      graph.backward(id);
      result?.(id);
    });
    // Nobody waits for the norm: a failure of the engine reaches the next read too.
    clipGradNormLater(graph, parameters, 1).catch(() => undefined);
    optimizer.step();
  };
}

function layerOf<Norm>(
  { hidden, inner, rank }: EncoderSize,
  frozen: (...shape: number[]) => NodeId,
  trained: (...shape: number[]) => NodeId,
  norm: () => Norm,
) {
  return {
    qkv: [frozen(hidden, 3 * hidden), frozen(3 * hidden)] as const,
    adapters: [0, 1].flatMap(() => [trained(hidden, rank), trained(rank, hidden)]),
    output: [frozen(hidden, hidden), frozen(hidden)] as const,
    up: [frozen(hidden, inner), frozen(inner)] as const,
    down: [frozen(inner, hidden), frozen(hidden)] as const,
    norms: [norm(), norm()] as const,
  };
}

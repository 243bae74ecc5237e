import type { Graph, NodeId } from "../graph/graph.js";
import { inferred } from "../graph/inferring.js";

/** Vectors whose logits are computed at a time. */
const CHUNK = 1024;

/** A row of logits for each vector: `logits` gives those of a chunk, `[vectors, classes]`. */
export async function logitsOfVectors(
  graph: Graph,
  vectors: readonly Float32Array[],
  logits: (chunk: readonly Float32Array[]) => NodeId,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let start = 0; start < vectors.length; start += CHUNK) {
    const chunk = vectors.slice(start, start + CHUNK);
    const { data, shape } = await inferred(graph, () => logits(chunk));
    chunk.forEach((_, i) => rows.push(data.slice(i * shape[1]!, (i + 1) * shape[1]!)));
  }
  return rows;
}

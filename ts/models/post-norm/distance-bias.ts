import type { Graph, NodeId } from "../../graph/graph.js";
import { log } from "../../values/elementary.js";

/** As transformers' MPNet has them, whatever config.json says. */
const BUCKETS = 32;
const MAX_DISTANCE = 128;

/** Bucket of a distance i − j of query i and key j: near ones by themselves, far ones by their logarithm (arXiv 1910.10683). */
function bucketOf(distance: number): number {
  const half = BUCKETS / 2;
  const exact = half / 2;
  const away = Math.abs(distance);
  const side = distance < 0 ? half : 0;
  if (away < exact) return side + away;
  // In float32, as transformers computes it.
  const far = Math.fround(Math.fround(log(away / exact)) / Math.fround(log(MAX_DISTANCE / exact)));
  return side + Math.min(exact + Math.trunc(Math.fround(far * (half - exact))), half - 1);
}

/** What a table `[buckets, heads]` adds to scores by head and distance: `[heads, 2·longest − 1]`, as `raggedAttention` takes it. */
export function distanceBias(graph: Graph, table: NodeId, longest: number): Float32Array {
  const [, heads] = graph.shape(table) as [number, number];
  const reach = Math.max(longest, 1) - 1;
  const columns = 2 * reach + 1;
  const bias = new Float32Array(heads * columns);
  const { data } = graph.value(table);
  for (let distance = -reach; distance <= reach; distance++) {
    const bucket = bucketOf(distance);
    for (let head = 0; head < heads; head++) bias[head * columns + distance + reach] = data[bucket * heads + head]!;
  }
  return bias;
}

/** Rows of its table that are used. */
export const DISTANCE_BUCKETS = BUCKETS;

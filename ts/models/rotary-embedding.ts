import type { Graph, NodeId } from "../graph/graph.js";
import { cosPi, exp, log } from "../values/elementary.js";

/** Cosine and sine of the angle by which each pair of features of a token is turned: `[tokens, pairs]` each. */
export interface Rotation {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** Frequencies of the `width` / 2 pairs of features, θ^(−2i/width) (RoFormer, arXiv 2104.09864). */
export const frequenciesOf = (width: number, theta: number): number[] =>
  Array.from({ length: width / 2 }, (_, i) => exp(((-2 * i) / width) * log(theta)));

/** Angles position·frequency; `factor` is one of cosine and sine. */
export function rotationOf(positions: Int32Array, frequencies: readonly number[], factor = 1): Rotation {
  const pairs = frequencies.length;
  const cos = new Float32Array(positions.length * pairs);
  const sin = new Float32Array(cos.length);
  for (let t = 0; t < positions.length; t++)
    for (let i = 0; i < pairs; i++) {
      const halfTurns = (positions[t]! * frequencies[i]!) / Math.PI;
      cos[t * pairs + i] = factor * cosPi(halfTurns);
      sin[t * pairs + i] = factor * cosPi(halfTurns - 0.5);
    }
  return { cos, sin };
}

/** Turns queries and keys of qkv `[tokens, 3·hidden]`: feature i of a head with feature i + headDim / 2. */
export function rotate(graph: Graph, qkv: NodeId, heads: number, { cos, sin }: Rotation): NodeId {
  const [tokens, width] = graph.shape(qkv) as [number, number];
  const hidden = width / 3;
  const headDim = hidden / heads;
  const half = headDim / 2;
  const shape = [tokens, 1, half];
  const [c, s] = [graph.constant({ shape, data: cos }), graph.constant({ shape, data: sin })];
  const turning = graph.slice(qkv, { dim: 1, start: 0, end: 2 * hidden });
  const pairs = graph.reshape(turning, [tokens, 2 * heads, headDim]);
  const x = graph.slice(pairs, { dim: 2, start: 0, end: half });
  const y = graph.slice(pairs, { dim: 2, start: half, end: headDim });
  const turned = graph.concat(
    [graph.sub(graph.mul(x, c), graph.mul(y, s)), graph.add(graph.mul(y, c), graph.mul(x, s))],
    2,
  );
  const values = graph.slice(qkv, { dim: 1, start: 2 * hidden, end: width });
  return graph.concat([graph.reshape(turned, [tokens, 2 * hidden]), values], 1);
}

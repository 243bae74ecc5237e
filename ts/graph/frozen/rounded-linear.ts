import { namingTraps } from "../../engine/trap.js";
import { ConfigError } from "../../errors/errors.js";
import { linearShape, rowsOf } from "../../ops/product/linear.js";
import { sizeOf } from "../../values/tensor.js";
import { checkGraph, type Graph } from "../graph.js";
import { newNode, type NodeId } from "../node.js";

/**
 * y = x·W + b as `linear`, for inference: x is rounded to bytes in groups of 32 (for "q4" from −127 to 127, for "q8" in 128 steps over the
 * range of the group and 0). Multiplying bytes takes a fraction of the time of decoding the weight. On a GPU
 * that has "shader-f16", x and the decoded weight are rounded to 16 bits, and each row of x has a scale. Without a gradient.
 *
 * @param x `[…, in]`; @param weight `[in, out]` from `frozenMatrix`, in "q8" or "q4" and `transposed`
 * @param bias `[out]`, or null
 * @returns `[…, out]`
 * Throws `ConfigError` for another weight, `ShapeError` if shapes do not match, `UnsupportedError` on a GPU without the feature.
 */
export function roundedLinear(graph: Graph, x: NodeId, weight: NodeId, bias: NodeId | null = null): NodeId {
  return rounded("roundedLinear", graph, x, weight, bias, "x·W");
}

/**
 * y = x·Tᵀ for a table T, as a tied output layer computes logits; otherwise as `roundedLinear`.
 *
 * @param x `[…, d]`; @param table `[rows, d]` from `frozenMatrix`, in "q8" or "q4"
 * @returns `[…, rows]`
 * Throws as `roundedLinear`.
 */
export function roundedTableProduct(graph: Graph, x: NodeId, table: NodeId): NodeId {
  return rounded("roundedTableProduct", graph, x, table, null, "x·Wᵀ");
}

function rounded(
  what: string,
  graph: Graph,
  x: NodeId,
  weight: NodeId,
  bias: NodeId | null,
  product: "x·W" | "x·Wᵀ",
): NodeId {
  checkGraph(what, graph).assertUsable();
  const frozen = graph.frozenWeight(graph.node(weight));
  // Groups run along the stored rows, which must be those of the product.
  const fits = frozen?.transposed === (product === "x·W" ? 1 : 0);
  if (frozen === null || !fits || !frozen.canRound) {
    const kind = product === "x·W" ? "transposed matrix" : "matrix that is not transposed,";
    throw new ConfigError(`${what}: node ${weight} is no ${kind} in "q8" or "q4" that \`frozenMatrix\` made`, {
      op: what,
      node: weight,
    });
  }
  const [input, offset] = [graph.node(x).value, bias === null ? null : graph.node(bias).value];
  for (const { pointer, size } of offset === null ? [input] : [input, offset])
    if (pointer === 0 && size > 0)
      throw new ConfigError(`${what}: a matrix that \`frozenMatrix\` made can only be the weight`, { op: what });
  const { inFeatures, outFeatures } = frozen;
  const [k, n] = product === "x·W" ? [inFeatures, outFeatures] : [outFeatures, inFeatures];
  const shape = linearShape(what, input.shape, [k, n], offset?.shape);
  const rows = rowsOf(input.shape);
  return graph.attempt.run(() => {
    const size = sizeOf(shape);
    const y = graph.arena.allocate(size);
    namingTraps(() => frozen.rounded(rows, input.pointer, offset?.pointer ?? 0, y));
    return graph.push(newNode({ shape, size, pointer: y }, false));
  });
}

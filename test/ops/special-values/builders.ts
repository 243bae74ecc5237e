import type { Graph, NodeId } from "../../../ts/index.js";
import type { Uses } from "../rows/row.js";
import type { Closeness } from "./compare.js";

type Apply = (graph: Graph, inputs: NodeId[]) => NodeId;

export const close: Closeness = { relative: 1e-6, floor: 1 };
const difference: Closeness = { relative: 1e-5, floor: 1 };

/** A function of rows under the name of its golden case. */
export function rows(name: string, apply: Apply, closeness = close, gradient = difference): Uses {
  return { [name]: { ...closeness, gradient, placed: true, apply } };
}

/** Elements go through as they are; gradients are sums of a few. */
export function move(name: string, apply: Apply): Uses {
  return { [name]: { relative: 0, signedZeros: true, gradient: { relative: 1e-6 }, placed: true, apply } };
}

/** Sums of products, in an order of their own. */
export function product(name: string, apply: Apply, frozen: readonly number[] = []): Uses {
  return { [name]: { relative: 1e-5, floor: 1, placed: true, frozen, apply } };
}

import type { Graph, NodeId } from "../../../../ts/index.js";
import type { Maker, Range, Tensor } from "../maker.js";

/** One use of an op. */
export interface Use {
  readonly inputs: readonly Tensor[];
  /** Plain data, as a program stores them. */
  readonly attributes: object;
  /** What bounds the result, given bounds of the inputs. */
  readonly range: Range;
}

/** How a random use of an op is made, and how it is run. */
export interface Rule {
  /** Null where nothing fits now. */
  make(maker: Maker): Use | null;
  // Attributes are what `make` gave, read from JSON maybe.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call(graph: Graph, inputs: NodeId[], attributes: any): NodeId;
}

/** Bound of the absolute value. */
export const most = ({ low, high }: Range): number => Math.max(Math.abs(low), Math.abs(high));

/** From −bound to bound. */
export const within = (bound: number): Range => ({ low: -bound, high: bound });

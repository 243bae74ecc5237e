import type { Graph, NodeId } from "../../../ts/index.js";
import type { ops } from "../../../ts/ops/index.js";
import { elementwise } from "./elementwise.js";
import { layers } from "./layers.js";
import { moves } from "./moves.js";
import { products } from "./products.js";
import type { Closeness } from "./compare.js";

/** One use of an op at special numbers. */
export interface Use extends Closeness {
  readonly apply: (graph: Graph, inputs: NodeId[]) => NodeId;
  /** Of gradients, where it is another than that of values. */
  readonly gradient?: Closeness;
  /** Whether elements depend on one another's place: if not, each also comes to every place of a vector. */
  readonly placed?: boolean;
  /** Inputs without a gradient: a frozen weight. */
  readonly frozen?: readonly number[];
}

/** Uses by the name of their golden case. */
export type Uses = Readonly<Record<string, Use>>;
export type Rows = Partial<Record<keyof typeof ops, Uses>>;

/** Every op at special numbers. An op without a row does not compile. */
export const specialUses: Record<keyof typeof ops, Uses> = { ...elementwise, ...layers, ...moves, ...products };

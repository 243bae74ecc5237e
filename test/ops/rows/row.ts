import type { Graph, NodeId, Tensor } from "../../../ts/index.js";
import type * as ops from "../../../ts/ops/all.js";
import type { Arguments } from "../../properties/arguments/scene.js";
import type { Rule } from "../../properties/programs/rule.js";
import type { Case } from "../gradients/check.js";
import type { Closeness } from "../special-values/compare.js";

/** Inputs of a golden case: `node` as float32 nodes of the graph, `host` as plain numbers. */
export interface Inputs {
  node(name: string): NodeId;
  host(name: string): Tensor;
  has(name: string): boolean;
}

export type Params = Readonly<Record<string, unknown>>;

/** How an operation of ops.json is written with `Graph`. */
export type Run = (graph: Graph, inputs: Inputs, params: Params) => NodeId;

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

/** All that the tests need to know of an op. */
export interface OpRow {
  /** Inputs at which it is differentiated. */
  readonly gradients: readonly Case[];
  /** PyTorch's operations that are this op, by their names in ops.json. */
  readonly golden: Readonly<Record<string, Run>>;
  /** Zeros, infinities, NaN, subnormal and largest numbers: uses by their names in special.json. */
  readonly special: Uses;
  /** Right arguments, everything optional given. */
  readonly calls: readonly Arguments[];
  /** How random programs use it. */
  readonly program: Rule;
}

export type OpName = keyof typeof ops;
export type Rows = Partial<Record<OpName, OpRow>>;

/** A golden operation on one tensor. */
export const ofOne =
  (method: (graph: Graph, x: NodeId, params: Params) => NodeId): Run =>
  (graph, { node }, params) =>
    method(graph, node("x"), params);

/** A golden operation on two. */
export const ofTwo =
  (method: (graph: Graph, a: NodeId, b: NodeId, params: Params) => NodeId): Run =>
  (graph, { node }, params) =>
    method(graph, node("a"), node("b"), params);

import { StaleNodeError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { list } from "../arguments/settings.js";
import type { Op, Pointer, Value } from "../ops/op.js";
import type { FrozenMatrix } from "./frozen/frozen-weight.js";

declare const brand: unique symbol;

/** Names a node of a graph. Ids only grow and are never used twice, so a stale one is always recognised. */
export type NodeId = number & { readonly [brand]: "NodeId" };

/** A tensor on the tape and how it came to be. */
export interface Node {
  readonly id: NodeId;
  readonly value: Value;
  /** What made it; null for constants and variables. */
  readonly op: Op | null;
  readonly inputs: readonly Node[];
  /** Those of the inputs. */
  readonly values: readonly Value[];
  readonly attributes: unknown;
  /** What `op.forward` kept for the gradient. */
  saved: unknown;
  readonly requiresGrad: boolean;
  /** A leaf made outside every step: its memory is the heap's. */
  readonly persistent: boolean;
  /** ∂L/∂node while `backward` runs (intermediate) or until `zeroGrads` (variable); 0 where none. */
  gradient: Pointer;
  /** Memory of a variable's gradient, kept when the gradient is zeroed; it lives as long as the variable. */
  gradientMemory: Pointer;
  /** The last `backward` that added to a variable's gradient. */
  pass: number;
  /** What a frozen weight is in memory, where it has been used as one or is stored: `value.pointer` is then null. */
  frozen: FrozenMatrix | undefined;
}

let lastId = 0;

const NO_INPUTS: readonly Node[] = [];
const NO_VALUES: readonly Value[] = [];

/** A node with an id that no graph has used; by default a leaf of a step. */
export function newNode(
  value: Value,
  requiresGrad: boolean,
  op: Op | null = null,
  inputs: readonly Node[] = NO_INPUTS,
  values: readonly Value[] = NO_VALUES,
  attributes?: unknown,
  persistent = false,
  gradientMemory: Pointer = 0,
  frozen?: FrozenMatrix,
): Node {
  const id = ++lastId as NodeId;
  // Spelled out: spreading an object here costs more than a small kernel.
  return {
    id,
    value,
    op,
    inputs,
    values,
    attributes,
    saved: undefined,
    requiresGrad,
    persistent,
    gradient: 0,
    gradientMemory,
    pass: 0,
    frozen,
  };
}

/** The node of this id in a list by ascending ids. */
export function findNode(nodes: readonly Node[], id: NodeId): Node | undefined {
  // Nothing else is calculated with: what is no number could run code.
  if (typeof id !== "number" || nodes.length === 0) return undefined;
  let low = 0;
  let high = nodes.length - 1;
  // Where it stands if all ids from it to the last are this list's, as a step's mostly are, or all before it, as leaves' are.
  const fromEnd = high - (nodes[high]!.id - id);
  if (fromEnd >= 0 && fromEnd <= high && nodes[fromEnd]?.id === id) return nodes[fromEnd];
  const fromStart = id - nodes[0]!.id;
  if (fromStart >= 0 && fromStart <= high && nodes[fromStart]?.id === id) return nodes[fromStart];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (nodes[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return nodes[low]!.id === id ? nodes[low] : undefined;
}

/** The newest id of any graph. */
export function newestId(): number {
  return lastId;
}

/** Whether `id` was ever given out, by any graph. */
export function wasIssued(id: number): boolean {
  return Number.isSafeInteger(id) && id > 0 && id <= lastId;
}

/** A copy of a list of ids. Throws `ConfigError` for what is no list, `StaleNodeError` for what is no id. */
export function idList(what: string, given: readonly NodeId[]): NodeId[] {
  list(what, "nodes", given, "node ids");
  const ids = new Array<NodeId>(given.length);
  for (let i = 0; i < given.length; i++) {
    const id: unknown = given[i];
    if (typeof id !== "number") {
      const details = { op: what, node: id, place: i, reason: "unknown" };
      throw new StaleNodeError(`${what}: node ${excerpt(id)} does not exist`, details);
    }
    ids[i] = id as NodeId;
  }
  return ids;
}

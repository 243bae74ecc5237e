import { StaleNodeError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { list } from "../arguments/settings.js";
import type { Op, Pointer, Value } from "../ops/op.js";
import type { FrozenMatrix } from "./frozen/frozen-weight.js";

declare const brand: unique symbol;

/** Identifies a node of a graph. Ids increase and are never reused, so a stale one is always detected. */
export type NodeId = number & { readonly [brand]: "NodeId" };

/** A tensor on the tape, with its op and inputs. */
export interface Node {
  readonly id: NodeId;
  readonly value: Value;
  /** Op; null for constants and variables. */
  readonly op: Op | null;
  readonly inputs: readonly Node[];
  /** Values of the inputs. */
  readonly values: readonly Value[];
  readonly attributes: unknown;
  /** What `op.forward` saved for the gradient. */
  saved: unknown;
  readonly requiresGrad: boolean;
  /** Whether it is a leaf made outside every step, with memory of the heap. */
  readonly persistent: boolean;
  /** ∂L/∂node while `backward` runs (results), or until `zeroGrads` (variables); 0 for none. */
  gradient: Pointer;
  /** Memory of a variable's gradient; kept after `zeroGrads`, as long as the variable. */
  gradientMemory: Pointer;
  /** The last `backward` that added to a variable's gradient. */
  pass: number;
  /** A frozen weight's memory, if it was used as one or is stored; `value.pointer` may then be null. */
  frozen: FrozenMatrix | undefined;
}

let lastId = 0;

const NO_INPUTS: readonly Node[] = [];
const NO_VALUES: readonly Value[] = [];

/** A node with a new id; by default a leaf of a step. */
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

/** The node with this id in a list with ascending ids. */
export function findNode(nodes: readonly Node[], id: NodeId): Node | undefined {
  // Other types are not converted to a number, which could run user code.
  if (typeof id !== "number" || nodes.length === 0) return undefined;
  let low = 0;
  let high = nodes.length - 1;
  // Its index, if all ids from it to the last are in this list (usual for a step), or all before it (usual for leaves).
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

/** Whether any graph has used `id`. */
export function wasIssued(id: number): boolean {
  return Number.isSafeInteger(id) && id > 0 && id <= lastId;
}

/** A copy of a list of ids. Throws `ConfigError` for something else, `StaleNodeError` for elements that are not ids. */
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

import { StaleNodeError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { list } from "../arguments/settings.js";
import type { Op, Pointer, Value } from "../ops/op.js";
import type { FrozenMatrix } from "./frozen-weight.js";

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
  readonly saved: unknown;
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

/** An id no graph has used. */
export function nextId(): NodeId {
  return ++lastId as NodeId;
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

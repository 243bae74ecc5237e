import type { Pointer } from "../ops/op.js";
import type { GraphMemory } from "./memory.js";
import type { Node } from "./node.js";

/**
 * Memory of gradients during `backward`. A result's gradient lives until it is used, a leaf's as long as the leaf. A leaf's earlier
 * gradient is kept until `backward` has finished, so an error changes nothing.
 */
export class Gradients {
  private pass = 0;
  private nodes: readonly Node[] = [];
  /** Leaves that had no gradient before. */
  private readonly started: Node[] = [];
  private readonly copies: { readonly pointer: Pointer; readonly size: number }[] = [];

  constructor(private readonly memory: GraphMemory) {}

  /** Starts a `backward` over these nodes. */
  begin(nodes: readonly Node[]): void {
    this.pass++;
    this.nodes = nodes;
    while (this.started.length > 0) this.started.pop();
    while (this.copies.length > 0) this.copies.pop();
    this.memory.attempt.onRollback(this.forget);
  }

  /** Ends it. */
  end(): void {
    for (const { pointer, size } of this.copies) this.memory.arena.release(pointer, size);
  }

  /** Takes gradients back after an error: leaves that had none, and results that the walk did not reach, have none again. */
  private readonly forget = () => {
    for (const node of this.started) node.gradient = 0;
    for (const node of this.nodes) if (node.op !== null) node.gradient = 0;
  };

  /** Whether a node has a gradient already, to which further contributions are added. */
  begun(node: Node): boolean {
    if (node.gradient === 0) return false;
    if (node.op === null && node.pass !== this.pass) this.keep(node);
    return true;
  }

  /** Memory for a node's first contribution. */
  start(node: Node): Pointer {
    if (node.op !== null) return (node.gradient = this.memory.arena.allocate(node.value.size));
    this.started.push(node);
    node.pass = this.pass;
    return (node.gradient = node.gradientMemory ||= this.allocateKept(node));
  }

  /** A variable of a step gets its gradient's memory with its value: memory of an inner step would end too soon. */
  private allocateKept(node: Node): Pointer {
    this.memory.attempt.onRollback(() => (node.gradientMemory = 0));
    return this.memory.allocateOwned(node.value.size);
  }

  private keep(node: Node): void {
    const { gradient, value } = node;
    const { arena, attempt, engine } = this.memory;
    const copy = arena.allocate(value.size);
    engine.kernels.copy(value.size, gradient, copy);
    this.copies.push({ pointer: copy, size: value.size });
    attempt.onRollback(() => engine.kernels.copy(value.size, copy, gradient));
    node.pass = this.pass;
  }
}

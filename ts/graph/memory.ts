import { type Engine, engine } from "../engine/engine.js";
import { TapeArena } from "../engine/tape-arena.js";
import { ConfigError, StaleNodeError } from "../errors.js";
import type { PackedForm, Pointer } from "../ops/op.js";
import type { Node } from "./node.js";

/** Warns where a graph was collected with its memory still taken; nothing is freed behind the user's back. */
const leaks = new FinalizationRegistry<string>((what) => {
  console.warn(`lowrank: a ${what} was garbage collected without dispose(); its linear memory stays taken`);
});

/**
 * The linear memory of a graph: blocks that live until it is disposed, the arena of what ends with a step, and packed
 * copies of frozen weights.
 */
export class GraphMemory {
  /** @internal */
  readonly engine: Engine;
  /** @internal */
  readonly arena: TapeArena;
  private readonly owned = new Set<Pointer>();
  protected disposed = false;

  /** Throws `ConfigError` before `init()` and where there are to be neither one nor two packed copies. */
  protected constructor(private readonly packedCopies: 1 | 2) {
    if (packedCopies !== 1 && packedCopies !== 2) {
      throw new ConfigError(`Graph: packedCopies is 1 or 2, got ${String(packedCopies)}`, { packedCopies });
    }
    this.engine = engine();
    this.arena = new TapeArena(this.engine.heap);
    leaks.register(this, "Graph", this);
  }

  /** Makes room for a step of `bytes` ahead of it, so that memory does not grow in the middle. */
  reserve(bytes: number): void {
    this.arena.reserve(bytes);
  }

  /** Frees everything the graph holds. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    leaks.unregister(this);
    this.arena.dispose();
    for (const pointer of this.owned) this.engine.heap.release(pointer);
    this.owned.clear();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal A window on linear memory; do not keep it. */
  floats(pointer: Pointer, elements: number): Float32Array {
    return new Float32Array(this.engine.memory.buffer, pointer, elements);
  }

  /** @internal Memory that lives until the graph is disposed. */
  allocateOwned(elements: number): Pointer {
    this.assertUsable();
    const pointer = this.engine.heap.allocate(4 * elements);
    this.owned.add(pointer);
    return pointer;
  }

  /** @internal */
  releaseOwned(pointer: Pointer): void {
    if (this.owned.delete(pointer)) this.engine.heap.release(pointer);
  }

  /** @internal Packs a frozen weight `[k, n]`, or its transpose, once; 0 for what is no frozen weight. */
  packed(node: Node, form: PackedForm): Pointer {
    if (!node.persistent || node.op !== null || node.requiresGrad || node.value.shape.length !== 2) return 0;
    if (form === "transposed" && this.packedCopies === 1) return 0;
    const copies = (node.packed ??= {});
    const found = copies[form];
    if (found !== undefined) return found;
    const [rows, columns] = node.value.shape as [number, number];
    const kernels = this.engine.kernels;
    const [k, n, row, column] = form === "plain" ? [rows, columns, columns, 1] : [columns, rows, 1, columns];
    const pointer = this.allocateOwned(kernels.packed_len(k, n));
    kernels.pack(k, n, node.value.pointer, row, column, pointer);
    return (copies[form] = pointer);
  }

  /** Forgets the packed copies of a weight that changes. */
  protected releasePacked(node: Node): void {
    for (const packed of Object.values(node.packed ?? {})) this.releaseOwned(packed);
    node.packed = undefined;
  }

  /** Throws `StaleNodeError` after `dispose`. */
  protected assertUsable(): void {
    if (this.disposed) throw new StaleNodeError("this graph was disposed; make a new one");
  }
}

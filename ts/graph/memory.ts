import { engine } from "../engine/engine.js";
import { releasedTwice } from "../engine/heap.js";
import type { Engine } from "../engine/running.js";
import { TapeArena } from "../engine/tape-arena.js";
import { ConfigError, StaleNodeError } from "../errors/errors.js";
import type { PackedForm, Pointer } from "../ops/op.js";
import { nonNegative } from "../arguments/settings.js";
import { Attempt } from "./attempt.js";
import type { Node } from "./node.js";

/** Warns where a graph was collected with its memory still taken; nothing is freed behind the user's back. */
const leaks = new FinalizationRegistry<Engine>(({ closed }) => {
  if (!closed) console.warn("lowrank: a Graph was collected without dispose(); its memory stays taken");
});

/**
 * The linear memory of a graph: blocks that live until it is disposed, the arena of what ends with a step, and packed
 * copies of frozen weights.
 */
export class GraphMemory {
  /** The engine that computes it and holds its memory. */
  readonly engine: Engine;
  /** @internal */
  readonly arena: TapeArena;
  /** @internal What the running method has taken so far. */
  readonly attempt: Attempt;
  private readonly owned = new Set<Pointer>();
  protected disposed = false;
  /** Windows of `view` that are open. */
  private windows = 0;

  /** Throws `ConfigError` before `init()`. */
  protected constructor(
    private readonly packedCopies: 1 | 2,
    given: Engine | undefined,
  ) {
    this.engine = given ?? engine();
    this.engine.assertOpen();
    this.arena = new TapeArena(this.engine.heap);
    this.attempt = new Attempt(this.arena);
    leaks.register(this, this.engine, this);
  }

  /**
   * Makes room for a step of `bytes` ahead of it, so that memory does not grow in the middle. Throws `ConfigError` where
   * that is no number of bytes, `MemoryError` where it cannot be had.
   */
  reserve(bytes: number): void {
    this.assertUsable();
    this.arena.reserve(nonNegative("reserve", "bytes", bytes));
  }

  /** Frees everything the graph holds. Throws `ConfigError` inside `view`. */
  dispose(): void {
    if (this.disposed) return;
    this.assertIdle();
    this.disposed = true;
    leaks.unregister(this);
    if (this.engine.closed) return;
    this.arena.dispose();
    for (const pointer of this.owned) this.engine.heap.release(pointer);
    this.owned.clear();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal Memory that lives until it is released or the graph disposed; given back where the running method throws. */
  allocateOwned(elements: number): Pointer {
    this.assertNotDisposed();
    const pointer = this.engine.heap.allocate(4 * elements);
    this.owned.add(pointer);
    this.attempt.onRollback(() => this.releaseOwned(pointer));
    return pointer;
  }

  /** @internal */
  releaseOwned(pointer: Pointer): void {
    if (this.disposed || this.engine.closed) return;
    if (!this.owned.delete(pointer)) throw releasedTwice(pointer);
    this.engine.heap.release(pointer);
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
    this.attempt.onRollback(() => delete copies[form]);
    kernels.pack(k, n, node.value.pointer, row, column, pointer);
    return (copies[form] = pointer);
  }

  /** Forgets the packed copies of a weight that changes. */
  protected releasePacked(node: Node): void {
    for (const packed of Object.values(node.packed ?? {})) this.releaseOwned(packed);
    node.packed = undefined;
  }

  /** Reads a window on linear memory, during which nothing may move or free what it shows. */
  protected readWindow<T>(pointer: Pointer, elements: number, read: (window: Float32Array) => T): T {
    this.windows++;
    try {
      return this.engine.heap.withoutGrowth(() => read(this.engine.window(pointer, elements)));
    } finally {
      this.windows--;
    }
  }

  /**
   * @internal Throws `StaleNodeError` after `dispose`, `EngineError` once the engine is closed, `ConfigError` inside `view` and
   * while another method runs.
   */
  assertUsable(): void {
    this.assertNotDisposed();
    this.assertIdle();
    this.engine.assertOpen();
  }

  private assertIdle(): void {
    this.attempt.assertIdle();
    if (this.windows > 0) {
      const message = "a method of this graph was called inside `view`: read first, compute after";
      throw new ConfigError(message, { reason: "view" });
    }
  }

  private assertNotDisposed(): void {
    if (this.disposed) throw new StaleNodeError("this graph was disposed; make a new one", { reason: "disposed" });
  }
}

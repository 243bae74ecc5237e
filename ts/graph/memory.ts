import { engine } from "../engine/engine.js";
import { releasedTwice } from "../engine/memory/heap.js";
import type { Engine } from "../engine/running.js";
import { TapeArena } from "../engine/memory/tape-arena.js";
import { ConfigError, StaleNodeError } from "../errors/errors.js";
import type { Pointer } from "../ops/op.js";
import { nonNegative } from "../arguments/settings.js";
import { nameTrap } from "../engine/trap.js";

/** Warns if a graph was garbage-collected before `dispose()`; its memory stays in use. */
const leaks = new FinalizationRegistry<Owner>(({ engine, kind }) => {
  if (!engine.closed) console.warn(`lowrank: a ${kind} was collected without dispose(); its memory stays taken`);
});

/** The object that a warning names: the one that the user made. */
interface Owner {
  readonly engine: Engine;
  kind: string;
}

/**
 * The linear memory of a graph: blocks until `dispose`, the arena of the current step, and packed copies of frozen weights.
 */
export class GraphMemory {
  /** The engine with its memory. */
  readonly engine: Engine;
  /** @internal */
  readonly arena: TapeArena;
  /** @internal Allocations of the running method. */
  readonly attempt: Attempt;
  /** @internal A model names itself here, since its users do not know its graph. */
  readonly owner: Owner;
  private readonly owned = new Set<Pointer>();
  protected disposed = false;
  /** Number of open windows of `view`. */
  private windows = 0;
  /** @internal Packed copies of each frozen weight. */
  readonly packedCopies: 0 | 1 | 2 | undefined;
  /** @internal Whether products with weights in groups round x, where that pays. */
  rounding = false;

  /** Throws `ConfigError` before `init()`. */
  protected constructor(packedCopies: 0 | 1 | 2 | undefined, given: Engine | undefined) {
    this.packedCopies = packedCopies;
    this.engine = given ?? engine();
    this.engine.assertOpen();
    this.arena = new TapeArena(this.engine.heap);
    this.attempt = new Attempt(this.arena);
    this.owner = { engine: this.engine, kind: "Graph" };
    leaks.register(this, this.owner, this);
  }

  /**
   * Allocates `bytes` ahead of a step, so that memory does not grow in the middle. Throws `ConfigError` for an invalid number,
   * `MemoryError` if there is not enough.
   */
  reserve(bytes: number): void {
    this.assertUsable();
    this.arena.reserve(nonNegative("reserve", "bytes", bytes));
  }

  /** @internal Whether there is nothing left to free: it was disposed, or its engine closed. */
  get gone(): boolean {
    return this.disposed || this.engine.closed;
  }

  /** Frees everything. Throws `ConfigError` inside `view`. */
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

  /** @internal Memory until it is released or the graph disposed; freed if the running method throws. */
  allocateOwned(elements: number): Pointer {
    this.assertNotDisposed();
    const pointer = this.engine.heap.allocate(4 * elements);
    this.owned.add(pointer);
    this.attempt.onRollback(() => this.releaseOwned(pointer));
    return pointer;
  }

  /** @internal */
  releaseOwned(pointer: Pointer): void {
    if (this.gone) return;
    if (!this.owned.delete(pointer)) throw releasedTwice(pointer);
    this.engine.heap.release(pointer);
  }

  /** @internal Runs `body`, which must not await or need gradients, with `rounding` set. */
  withRounding<T>(rounding: boolean, body: () => T): T {
    const former = this.rounding;
    this.rounding = rounding;
    try {
      return body();
    } finally {
      this.rounding = former;
    }
  }

  /** @internal Uninitialised memory while `body` runs. */
  withScratch<T>(elements: number, body: (pointer: Pointer) => T): T {
    const pointer = this.engine.heap.allocate(4 * elements);
    try {
      return body(pointer);
    } finally {
      this.engine.heap.release(pointer);
    }
  }

  /** Reads a window on linear memory; in between, nothing may move or free its memory. */
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

/**
 * Makes a method of a graph atomic: `begin`, then `commit`, or `rollback` on an error. The arena keeps its own log; everything else
 * registers how to undo it.
 */
class Attempt {
  private open = false;
  // Reused by each attempt: setting a list's length costs as much as a small kernel.
  private readonly undo: (() => void)[] = [];
  private undos = 0;
  /** Entries of the outer attempt; null without one. */
  private outer: number | null = null;

  constructor(private readonly arena: TapeArena) {}

  /** Whether a method is running. */
  get running(): boolean {
    return this.open;
  }

  begin(): void {
    this.open = true;
    this.arena.begin();
  }

  /** Called on `rollback`, in reverse order; ignored outside an attempt. */
  onRollback(undo: () => void): void {
    if (this.open) this.undo[this.undos++] = undo;
  }

  commit(): void {
    this.open = false;
    if (this.outer === null) this.undos = 0;
    else this.outer = this.undos;
    this.arena.commit();
  }

  rollback(): void {
    this.open = false;
    while (this.undos > (this.outer ?? 0)) this.undo[--this.undos]!();
    this.arena.rollback();
  }

  /** Runs `body` within the current attempt: methods may be called in it, and are undone together with it. */
  nested<T>(body: () => T): T {
    [this.open, this.outer] = [false, this.undos];
    try {
      return body();
    } finally {
      [this.open, this.outer] = [true, null];
    }
  }

  /** Runs `body` atomically, as part of the current attempt if there is one. */
  run<T>(body: () => T): T {
    if (this.open) return body();
    this.begin();
    try {
      const result = body();
      this.commit();
      return result;
    } catch (error) {
      this.rollback();
      throw nameTrap(error);
    }
  }

  /** Throws `ConfigError` while a method is running: a call from user code within it (a getter) would disturb it. */
  assertIdle(): void {
    if (this.open) {
      const message = "a method of this graph was called inside another: pass plain values, not getters";
      throw new ConfigError(message, { reason: "running" });
    }
  }
}

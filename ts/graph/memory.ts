import { engine } from "../engine/engine.js";
import { releasedTwice } from "../engine/memory/heap.js";
import type { Engine } from "../engine/running.js";
import { TapeArena } from "../engine/memory/tape-arena.js";
import { namingTraps } from "../engine/trap.js";
import { ConfigError, StaleNodeError } from "../errors/errors.js";
import type { Pointer, Value } from "../ops/op.js";
import { nonNegative } from "../arguments/settings.js";
import { Attempt } from "./attempt.js";
import { FrozenMatrix } from "./frozen/frozen-weight.js";
import type { Node } from "./node.js";

/** Warns where a graph was collected with its memory still taken; nothing is freed behind the user's back. */
const leaks = new FinalizationRegistry<Owner>(({ engine, kind }) => {
  if (!engine.closed) console.warn(`lowrank: a ${kind} was collected without dispose(); its memory stays taken`);
});

/** Whose memory it is: what a user has made, which is what a warning names. */
interface Owner {
  readonly engine: Engine;
  kind: string;
}

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
  /** @internal A model names itself, since nobody who uses one has seen its graph. */
  readonly owner: Owner;
  private readonly owned = new Set<Pointer>();
  protected disposed = false;
  /** Windows of `view` that are open. */
  private windows = 0;
  /** @internal Whether products with weights in groups are with x rounded to bytes. */
  rounding = false;

  /** Throws `ConfigError` before `init()`. */
  protected constructor(
    /** @internal Packed copies of each frozen weight. */
    readonly packedCopies: 0 | 1 | 2 | undefined,
    given: Engine | undefined,
  ) {
    this.engine = given ?? engine();
    this.engine.assertOpen();
    this.arena = new TapeArena(this.engine.heap);
    this.attempt = new Attempt(this.arena);
    this.owner = { engine: this.engine, kind: "Graph" };
    leaks.register(this, this.owner, this);
  }

  /**
   * Makes room for a step of `bytes` ahead of it, so that memory does not grow in the middle. Throws `ConfigError` where
   * that is no number of bytes, `MemoryError` where it cannot be had.
   */
  reserve(bytes: number): void {
    this.assertUsable();
    this.arena.reserve(nonNegative("reserve", "bytes", bytes));
  }

  /** @internal Whether nothing of it is left to give back: it was disposed, or its engine closed. */
  get gone(): boolean {
    return this.disposed || this.engine.closed;
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
    if (this.gone) return;
    if (!this.owned.delete(pointer)) throw releasedTwice(pointer);
    this.engine.heap.release(pointer);
  }

  /**
   * @internal The frozen weight that a node is; null for what is none. Where no gradient is to follow, any matrix is one for the
   * product that asks: so a row's bits depend on no other row, as they may in products of few rows with what is not frozen.
   */
  frozenWeight(node: Node, recorded = true): FrozenMatrix | null {
    if (node.frozen !== undefined) return node.frozen;
    const { shape, pointer } = node.value;
    if (shape.length !== 2) return null;
    const matrix = shape as readonly [number, number];
    if (!node.persistent || node.op !== null || node.requiresGrad)
      return recorded ? null : FrozenMatrix.inPlace(this, matrix, pointer);
    return (node.frozen = FrozenMatrix.ofConstant(this, matrix, pointer));
  }

  /** @internal Runs `body`, which awaits nothing and takes no gradient, with `rounding` as wanted. */
  withRounding<T>(rounding: boolean, body: () => T): T {
    const former = this.rounding;
    this.rounding = rounding;
    try {
      return body();
    } finally {
      this.rounding = former;
    }
  }

  /** @internal Memory for as long as `body` runs, of any content. */
  withScratch<T>(elements: number, body: (pointer: Pointer) => T): T {
    const pointer = this.engine.heap.allocate(4 * elements);
    try {
      return body(pointer);
    } finally {
      this.engine.heap.release(pointer);
    }
  }

  /** A node's value as float32: its own memory, or for as long as `body` runs. */
  protected withValue<T>({ frozen, value }: Node, body: (value: Value) => T): T {
    if (frozen === undefined || frozen.isNodeValue) return body(value);
    return this.withScratch(value.size, (pointer) => {
      namingTraps(() => frozen.columns(0, frozen.outFeatures, pointer));
      return body({ ...value, pointer });
    });
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

import type { TapeArena } from "../engine/memory/tape-arena.js";
import { nameTrap } from "../engine/trap.js";
import { ConfigError } from "../errors/errors.js";

/**
 * Makes a method of a graph atomic: `begin`, then `commit`, or `rollback` on an error. The arena keeps its own log; everything else
 * registers how to undo it.
 */
export class Attempt {
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

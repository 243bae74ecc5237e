import type { TapeArena } from "../engine/memory/tape-arena.js";
import { nameTrap } from "../engine/trap.js";
import { ConfigError } from "../errors/errors.js";

/**
 * What a method of a graph does happens whole or not at all: `begin`, then `commit`, or `rollback` where something threw.
 * The arena keeps its own log; everything else that is taken says here how it is given back.
 */
export class Attempt {
  private open = false;
  // Filled anew by each attempt: setting a length costs as much as a small kernel.
  private readonly undo: (() => void)[] = [];
  private undos = 0;
  /** Of those, what the attempt around this one has; null where there is none around it. */
  private outer: number | null = null;

  constructor(private readonly arena: TapeArena) {}

  /** Whether a method is at work. */
  get running(): boolean {
    return this.open;
  }

  begin(): void {
    this.open = true;
    this.arena.begin();
  }

  /** Runs on `rollback`, the last one first; outside an attempt it is forgotten. */
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

  /** Runs `body` within the running attempt: methods may be called in it, and what they leave is undone along with that. */
  nested<T>(body: () => T): T {
    [this.open, this.outer] = [false, this.undos];
    try {
      return body();
    } finally {
      [this.open, this.outer] = [true, null];
    }
  }

  /** All of `body` or nothing of it; part of the attempt that runs already, where one does. */
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

  /** Throws `ConfigError` while a method is at work: one that user code called from within (a getter) would disturb it. */
  assertIdle(): void {
    if (this.open) {
      const message = "a method of this graph was called inside another: pass plain values, not getters";
      throw new ConfigError(message, { reason: "running" });
    }
  }
}

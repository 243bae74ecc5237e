import type { MadeKind } from "../../io/made-from.js";
import type { Call } from "../crossings/crossing.js";
import type { ProgressQueue } from "./progress-queue.js";

/** What a side does with what comes from the other. */
export interface Side {
  /** Calls a function of the other side's. */
  ask(id: number, call: Call, args: readonly unknown[], scope: Scope): Promise<unknown>;
  /** Tells a function of the other side's. */
  tell(id: number, value: unknown): void;
  /** Lets the other side call a function; its number. */
  expose(exposed: Exposed): number;
  withdraw(id: number): void;
  /** Objects that live in the worker. */
  readonly objects: RemoteObjects;
  /** How often this side tells its own listeners, or the other side, of progress. */
  pace(): (tell: () => void) => () => void;
}

/** How objects of the worker are named in messages. */
export interface RemoteObjects {
  pack(kind: string, object: unknown, scope: Scope, name: string): unknown;
  unpack(kind: string, wire: unknown, scope: Scope): unknown;
  /** Nobody is to be warned of these any more: they are gone. */
  forget(ids: readonly number[]): void;
  /** Makes of data what the other side has: its like in a worker, what stands for it in a page. */
  again(kind: MadeKind, from: unknown): unknown;
}

/** A function that the other side may call while a call is under way. */
export interface Exposed {
  readonly scope: Scope;
  readonly call: Call | null;
  readonly run: (...args: unknown[]) => unknown;
}

/** One call, at either of its ends: what was made for it and goes with it. */
export class Scope {
  /** Whoever calls cancels by it; whoever is called hears of it. */
  signal: AbortSignal | undefined;
  /** Buffers that go over to the other side with the message. */
  transfer: Transferable[] = [];
  /** Progress that was not told yet. */
  readonly queues: ProgressQueue[] = [];
  /** To be done where the other side is gone. */
  readonly abandoned = new Set<() => unknown>();
  /** What the other side has begun here and must come to its end. */
  readonly lasting = new Set<Promise<void>>();
  /** Whether the call is over. */
  ended = false;
  /** What this side's functions threw, to be known again when it comes back. */
  readonly thrown: { error: unknown }[] = [];
  /** Set where a listener has thrown: the call fails by it. */
  failure: { error: unknown } | null = null;
  /** Ends the call early because of that. */
  onFailure: () => void = () => undefined;
  private readonly exposed: number[] = [];

  constructor(
    readonly side: Side,
    /** Begins messages. */
    readonly what: string,
    /** The call that this one is part of: of its functions one gave something that the other side uses on. */
    private readonly parent: Scope | null = null,
  ) {}

  /** The call that all others are part of. */
  get root(): Scope {
    return this.parent?.root ?? this;
  }

  expose(call: Call | null, run: (...args: unknown[]) => unknown): number {
    const id = this.side.expose({ scope: this, call, run });
    this.exposed.push(id);
    return id;
  }

  keep(error: unknown): number {
    return this.root.thrown.push({ error }) - 1;
  }

  fail(error: unknown): void {
    if (this.failure !== null) return;
    this.failure = { error };
    this.onFailure();
  }

  flush(): void {
    for (const queue of this.queues) queue.flush();
  }

  /** Gives up what the other side held here, once what it was writing is written. */
  async giveUp(): Promise<void> {
    await Promise.all(this.lasting);
    for (const release of [...this.abandoned]) {
      try {
        await release();
      } catch {
        // Nobody is left to hear of it.
      }
    }
  }

  end(): void {
    this.ended = true;
    for (const id of this.exposed) this.side.withdraw(id);
  }
}

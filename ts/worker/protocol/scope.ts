import type { MadeKind } from "../../io/made-from.js";
import type { ProgressQueue } from "./progress-queue.js";

/** What a side does for its calls. */
export interface Side {
  /** Calls a function of the other side. */
  ask(id: number, call: Call, args: readonly unknown[], scope: Scope): Promise<unknown>;
  /** Notifies a listener of the other side. */
  tell(id: number, value: unknown): void;
  /** Lets the other side call a function; returns its number. */
  expose(exposed: Exposed): number;
  withdraw(id: number): void;
  /** Objects in the worker. */
  readonly objects: RemoteObjects;
  /** How often listeners are notified of progress. */
  pace(): (tell: () => void) => () => void;
}

/** How messages refer to objects in the worker. */
export interface RemoteObjects {
  pack(kind: string, object: unknown, scope: Scope, name: string): unknown;
  unpack(kind: string, wire: unknown, scope: Scope): unknown;
  /** Forgets disposed objects: garbage collection of them needs no warning. */
  forget(ids: readonly number[]): void;
  /** Recreates an object of the other side from data: in a worker the same kind, in a page a stand-in. */
  again(kind: MadeKind, from: unknown): unknown;
}

/** A function that the other side may call during a call. */
export interface Exposed {
  readonly scope: Scope;
  readonly call: Call | null;
  readonly run: (...args: unknown[]) => unknown;
}

/** The state of one call, on either side. */
export class Scope {
  /** The caller's signal, or the one that tells the callee of an abort. */
  signal: AbortSignal | undefined;
  /** Buffers that are transferred with the message. */
  transfer: Transferable[] = [];
  /** Progress that was not delivered yet. */
  readonly queues: ProgressQueue[] = [];
  /** Called if the other side ends. */
  readonly abandoned = new Set<() => unknown>();
  /** Work that the other side has started here and that must finish. */
  readonly lasting = new Set<Promise<void>>();
  /** Whether the call is over. */
  ended = false;
  /** Errors of this side's functions, to recognise them when they come back. */
  readonly thrown: { error: unknown }[] = [];
  /** Set when a listener throws: the call fails by it. */
  failure: { error: unknown } | null = null;
  /** Ends the call early for that reason. */
  onFailure: () => void = () => undefined;
  private readonly exposed: number[] = [];

  constructor(
    readonly side: Side,
    /** Begins messages. */
    readonly what: string,
    /** The call that contains this one: one of its functions returned something that the other side goes on using. */
    private readonly parent: Scope | null = null,
  ) {}

  /** The outermost call. */
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

  /** Releases what the other side held here, after its writes have finished. */
  async giveUp(): Promise<void> {
    await Promise.all(this.lasting);
    for (const release of [...this.abandoned]) {
      try {
        await release();
      } catch {
        // Nobody is left to report it to.
      }
    }
  }

  end(): void {
    this.ended = true;
    for (const id of this.exposed) this.side.withdraw(id);
  }
}

/** How a value is sent to the other side, and what it becomes there. */
export interface Crossing {
  /** `all`: the options that contain the value. */
  pack(value: unknown, scope: Scope, name: string, all?: Readonly<Record<string, unknown>>): unknown;
  unpack(wire: unknown, scope: Scope, name: string): unknown;
}

/** A call: its parameters in order, and its result. */
export interface Call {
  readonly takes: Readonly<Record<string, Crossing>>;
  readonly gives: Crossing;
  /** Whether it must finish before the call that contains it may end: a write. */
  readonly lasting?: boolean;
  /** Whether its result is a generator. */
  readonly streams?: boolean;
}

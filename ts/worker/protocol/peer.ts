import { AbortError, ConfigError } from "../../errors/errors.js";
import { timer } from "../../waiting/next-task.js";
import { type Channel, isMessage, type Message, type Target } from "./messages.js";
import { packError, unpackError } from "./packed-error.js";
import { type Call, type Exposed, type RemoteObjects, Scope, type Side } from "./scope.js";
import type { Schedule } from "./progress-queue.js";
import { unsendable } from "./unsendable.js";
import { kindOf } from "../../errors/excerpt.js";

/** A call that a side can answer. */
export interface Served {
  readonly what: string;
  readonly call: Call;
  readonly run: (...args: unknown[]) => unknown;
}

/** The parts of a side. */
interface PeerParts {
  readonly channel: Channel;
  readonly objects: RemoteObjects;
  readonly pace: () => Schedule;
  /** Finds the target of a call by name or object. */
  readonly find: (target: Target) => Served;
  /** Called when the first answer is pending, and when none is left. */
  readonly busy?: (awaited: boolean) => void;
  /** Milliseconds for an aborted call to end, and what to do after them. */
  readonly abortLimit?: { readonly milliseconds: number; readonly overdue: () => void };
}

interface Pending {
  readonly scope: Scope;
  readonly call: Call;
  readonly settle: (fulfilled: boolean, value: unknown) => void;
}

/** One end of a channel: makes calls, and answers the other side's. */
export class Peer implements Side {
  private readonly pending = new Map<number, Pending>();
  private readonly exposed = new Map<number, Exposed>();
  private readonly running = new Map<number, AbortController>();
  private newest = 0;
  private gone: { error: Error } | null = null;

  constructor(private readonly parts: PeerParts) {
    parts.channel.listen((message) => {
      if (isMessage(message)) this.hear(message);
    });
  }

  /** Whether an answer is pending. */
  get awaits(): boolean {
    return this.pending.size > 0;
  }

  get objects(): RemoteObjects {
    return this.parts.objects;
  }

  pace(): Schedule {
    return this.parts.pace();
  }

  expose(exposed: Exposed): number {
    this.exposed.set(++this.newest, exposed);
    return this.newest;
  }

  withdraw(id: number): void {
    this.exposed.delete(id);
  }

  tell(id: number, value: unknown): void {
    this.post({ type: "tell", id, value }, []);
  }

  ask(id: number, call: Call, args: readonly unknown[], scope: Scope): Promise<unknown> {
    return this.send({ kind: "function", id }, call, args, new Scope(this, scope.what, scope));
  }

  /** Makes a call. Arguments that cannot be sent are refused by name; nothing is sent then. */
  call(what: string, target: Target, call: Call, args: readonly unknown[]): Promise<unknown> {
    return this.send(target, call, args, new Scope(this, what));
  }

  /** The other side has ended: all pending calls fail. */
  lost(error: Error): void {
    if (this.gone !== null) return;
    this.gone = { error };
    for (const { settle } of [...this.pending.values()]) settle(false, error);
    for (const controller of this.running.values()) controller.abort(error);
  }

  private async send(target: Target, call: Call, args: readonly unknown[], scope: Scope): Promise<unknown> {
    if (this.gone !== null) throw this.gone.error;
    try {
      return await this.sent(target, call, args, scope);
    } catch (error) {
      throw ownReason(error, scope);
    } finally {
      scope.end();
    }
  }

  private sent(target: Target, call: Call, args: readonly unknown[], scope: Scope): Promise<unknown> {
    const id = ++this.newest;
    const packed = Object.entries(call.takes).map(([name, crossing], i) => crossing.pack(args[i], scope, name));
    const { signal } = scope;
    const aborted = signal?.aborted ? packError(signal.reason) : null;
    const message = { type: "call", id, target, args: unshared(packed), aborted } as const;
    try {
      this.parts.channel.post(message, scope.transfer);
    } catch (cause) {
      throw unsendable(scope.what, Object.keys(call.takes), packed, cause);
    }
    // A getter of the arguments may have ended the other side, or cancelled this call.
    if (this.gone !== null) throw this.gone.error;
    return new Promise((resolve, reject) => {
      let limit: ReturnType<typeof timer>;
      const abort = (reason: unknown) => this.post({ type: "abort", id, reason: packError(reason) }, []);
      const onAbort = () => {
        abort(signal!.reason);
        const { milliseconds = Infinity, overdue } = this.parts.abortLimit ?? {};
        limit = timer(milliseconds, () => this.overdue(id, overdue!));
      };
      scope.onFailure = () => abort(scope.failure!.error);
      const settle = (fulfilled: boolean, value: unknown) => {
        clearTimeout(limit);
        signal?.removeEventListener("abort", onAbort);
        this.pending.delete(id);
        if (this.pending.size === 0) this.parts.busy?.(false);
        scope.flush();
        scope.onFailure = () => undefined;
        const failed = scope.failure ?? (fulfilled ? null : { error: value });
        if (failed === null) return resolve(value);
        const { error } = failed as { error: Error };
        if (scope.abandoned.size + scope.lasting.size === 0) return reject(error);
        void scope.giveUp().then(() => reject(error));
      };
      this.pending.set(id, { scope, call, settle });
      if (this.pending.size === 1) this.parts.busy?.(true);
      try {
        if (!signal?.aborted) signal?.addEventListener("abort", onAbort, { once: true });
        else if (aborted === null) onAbort();
      } catch (error) {
        // The call was sent, so it ends as if a listener had thrown.
        scope.fail(error);
      }
    });
  }

  /** An aborted call that does not end takes the whole worker with it. */
  private overdue(id: number, end: () => void): void {
    const { scope, settle } = this.pending.get(id)!;
    const reason: unknown = scope.signal?.reason;
    settle(false, new AbortError("cancelled by its AbortSignal; the worker did not answer and was ended", { reason }));
    end();
  }

  private hear(message: Message): void {
    if (this.gone !== null) return;
    switch (message.type) {
      case "call": {
        const served = this.answering(message.target);
        const work = this.serve(message, served);
        if (served.call.lasting !== true) return;
        const { lasting } = served.parent!.root;
        lasting.add(work);
        return void work.finally(() => lasting.delete(work));
      }
      case "tell":
        return void this.exposed.get(message.id)?.run(message.value);
      case "abort":
        return this.running.get(message.id)?.abort(unpackError(message.reason));
      case "result": {
        const { scope, call, settle } = this.pending.get(message.id) ?? {};
        if (settle === undefined) return;
        try {
          settle(true, call!.gives.unpack(message.value, scope!, "result"));
        } catch (error) {
          settle(false, error);
        }
        return;
      }
      case "error": {
        const { scope, settle } = this.pending.get(message.id) ?? {};
        settle?.(
          false,
          unpackError(message.error, (thrown) => scope!.root.thrown[thrown]),
        );
      }
    }
  }

  private async serve(
    { id, args, aborted }: Extract<Message, { type: "call" }>,
    { what, call, run, parent }: Served & { readonly parent: Scope | null },
  ): Promise<void> {
    const controller = new AbortController();
    this.running.set(id, controller);
    const scope = new Scope(this, what, parent);
    scope.signal = controller.signal;
    try {
      // The abort reason may be any value.
      if (aborted !== null) controller.abort(unpackError(aborted));
      // In the same task: a call uses the state of when it arrives, and calls begin in the order in which they arrive.
      const given = Object.entries(call.takes).map(([name, crossing], i) => crossing.unpack(args[i], scope, name));
      const value = await run(...given);
      scope.flush();
      const result = call.gives.pack(value, scope, "result");
      try {
        this.post({ type: "result", id, value: unshared(result) }, scope.transfer);
      } catch (cause) {
        throw unsendable(what, ["the result"], [result], cause);
      }
    } catch (error) {
      scope.flush();
      this.post(
        { type: "error", id, error: packError(error, parent === null ? undefined : (own) => parent.keep(own)) },
        [],
      );
    } finally {
      this.running.delete(id);
      scope.end();
    }
  }

  private answering(target: Target): Served & { readonly parent: Scope | null } {
    if (target.kind !== "function") return { ...this.found(target), parent: null };
    const exposed = this.exposed.get(target.id);
    if (exposed?.call != null) {
      const { call, run, scope } = exposed;
      return { what: scope.what, call, run, parent: scope };
    }
    return {
      ...refusing(new ConfigError("the call that this function was given to is over", { reason: "ended" })),
      parent: null,
    };
  }

  private found(target: Target): Served {
    try {
      return this.parts.find(target);
    } catch (error) {
      return refusing(error);
    }
  }

  private post(message: Message, transfer: readonly Transferable[]): void {
    if (this.gone === null) this.parts.channel.post(message, transfer);
  }
}

function refusing(error: unknown): Served {
  const gives = { pack: () => undefined, unpack: () => undefined };
  const run = () => {
    throw error;
  };
  return { what: "a worker", call: { takes: {}, gives }, run };
}

/** Replaces the copy of the abort reason by the caller's own. */
function ownReason(error: unknown, { signal }: Scope): unknown {
  if (!(error instanceof AbortError) || !signal?.aborted) return error;
  const reason: unknown = signal.reason;
  Object.assign(error, { details: { ...error.details, reason } });
  return Object.defineProperty(error, "cause", { value: reason, writable: true, configurable: true });
}

const DEEPEST = 20;

/**
 * Copies arrays on a SharedArrayBuffer: a message would share them, and others could change them during the call. Returns the value itself
 * if there are none, or if it cannot be inspected.
 * @internal exported for its tests
 */
export function unshared<T>(value: T): T {
  if (typeof SharedArrayBuffer === "undefined") return value;
  try {
    return within(value, new Map(), 0) as T;
  } catch {
    return value;
  }
}

function within(value: unknown, seen: Map<object, unknown>, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return value;
  if (ArrayBuffer.isView(value)) return kindOf(value.buffer) === "SharedArrayBuffer" ? copyOf(value) : value;
  if (seen.has(value)) return seen.get(value);
  seen.set(value, value);
  const list = Array.isArray(value);
  // An object of a class is sent as its fields.
  if (!list && kindOf(value) !== "Object") return value;
  const copy = (list ? [] : Object.create(null)) as Record<string, unknown>;
  let changed = false;
  // A list may have billions of gaps.
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    copy[key] = within(inner, seen, depth + 1);
    // A getter is read once, and its value is sent.
    changed ||= copy[key] !== inner || Object.getOwnPropertyDescriptor(value, key)?.get !== undefined;
  }
  if (!changed) return value;
  if (list) copy["length"] = value.length;
  seen.set(value, copy);
  return copy;
}

function copyOf(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  const bytes = new Uint8Array(byteLength);
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength));
  // The name of the built-in class: Node's Buffer is sent as a Uint8Array.
  const kind = (view as Uint8Array)[Symbol.toStringTag];
  const Kind = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>)[kind]!;
  return new Kind(bytes.buffer);
}

import type { EngineInfo } from "../../engine/running.js";
import { unexpected } from "../../arguments/settings.js";
import { UnsupportedError, WorkerLostError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { VERSION } from "../../version.js";
import { timer } from "../../waiting/next-task.js";
import { functions } from "../calls.js";
import type { Call } from "../protocol/scope.js";
import type { Answer, Hello, Target, WorkerChannel } from "../protocol/messages.js";
import { withFrame } from "../protocol/progress-queue.js";
import { Peer } from "../protocol/peer.js";
import { unsendable } from "../protocol/unsendable.js";
import { KnownObjects } from "./known-objects.js";
import { type WorkerRuntime, workerRuntime } from "./runtime.js";
import { takeWorkerOptions, type WorkerOptions } from "./worker-options.js";

/** `LowrankWorker`, for `startWorker`: its constructor is private to users. */
export type WorkerConstructor = new (what: string, options: WorkerOptions) => LowrankWorker;

/** A worker with its own engine, for encoders, classifiers, language models and jobs. Made by `startWorker`. */
export class LowrankWorker {
  private readonly channel: WorkerChannel;
  private readonly peer: Peer;
  /** Settled when the worker has answered; rejected if it does not start. */
  private readonly answered: Promise<void>;
  private found: EngineInfo | null = null;
  private ended: WorkerLostError | null = null;
  private readonly noLock = new AbortController();

  private constructor(
    what: string,
    /** @internal To start another worker like this one. */
    readonly options: WorkerOptions,
  ) {
    const { place, worker, startLimit, abortLimit, engine } = takeWorkerOptions(what, options);
    const runtime = workerRuntime(what);
    if (worker !== undefined) claim(what, worker);
    this.channel = channelTo(what, () => (worker === undefined ? runtime.start(place) : runtime.attach(worker)));
    let answer!: (message: Answer) => void;
    let fail!: (error: Error) => void;
    const first = new Promise<Answer>((resolve, reject) => ([answer, fail] = [resolve, reject]));
    // If the greeting cannot be sent, nothing waits for an answer.
    first.catch(() => undefined);
    this.peer = new Peer({
      channel: {
        post: (message, transfer) => this.channel.post(message, transfer),
        listen: (hear) =>
          this.channel.listen((message) => {
            const { type } = Object(message) as Partial<Answer>;
            if (type === "here" || type === "refused") answer(message as Answer);
            else hear(message);
          }),
      },
      objects: new KnownObjects(this),
      pace: () => withFrame,
      find: () => {
        throw new UnsupportedError("a page has no such call", { op: what });
      },
      busy: (awaited) => this.channel.busy(awaited),
      abortLimit: {
        milliseconds: abortLimit,
        overdue: () => this.lose("aborted", "it did not answer an abort in time"),
      },
    });
    this.channel.onEnd((cause) => {
      fail(
        new UnsupportedError(`${what}: the worker could not be run: ${clip(String(cause))}`, { op: what }, { cause }),
      );
      this.lose("died", "the worker has ended", cause);
    });
    const life = this.greet(what, runtime, place.url, engine);
    this.answered = this.start(what, first, startLimit, life);
    this.answered.catch(() => undefined);
  }

  /** Whether it has ended, by `terminate` or by itself. */
  get lost(): boolean {
    return this.ended !== null;
  }

  /** Build, threads, tile and memory of its engine at its start. Throws `WorkerLostError` before that. */
  get info(): EngineInfo {
    if (this.found !== null) return this.found;
    throw this.ended ?? new WorkerLostError("the worker is not up yet: await startWorker", { reason: "not started" });
  }

  /** Build, threads, tile and memory of its engine now. */
  engineInfo(): Promise<EngineInfo> {
    return this.call(
      "engineInfo",
      { kind: "named", name: "engineInfo" },
      functions.engineInfo,
      [],
    ) as Promise<EngineInfo>;
  }

  /** Ends the worker at once, with all its objects. Pending calls reject with `WorkerLostError`. Safe to call twice. */
  terminate(): void {
    this.lose("ended", "it was ended by `terminate`");
  }

  /** `terminate`, for `using`. */
  [Symbol.dispose](): void {
    this.terminate();
  }

  /** @internal Waits until the worker and its engine have started. */
  async up(): Promise<this> {
    await this.answered;
    this.found = await this.engineInfo();
    return this;
  }

  /** @internal Sends a call at once, with the arguments' values of now. */
  async call(what: string, target: Target, call: Call, args: readonly unknown[]): Promise<unknown> {
    try {
      return await this.peer.call(what, target, call, args);
    } catch (error) {
      // If the worker never started, that is the error to report.
      if (error === this.ended && this.ended !== null) await this.answered;
      throw error;
    }
  }

  private greet(what: string, runtime: WorkerRuntime, given: unknown, engine: Hello["engine"]): string | null {
    const life = this.channel.byLock && lockManager() !== undefined ? `lowrank ${crypto.randomUUID()}` : null;
    const [base, files, url] = [runtime.base(), runtime.files(), given === null ? null : String(given)];
    try {
      this.channel.post({ type: "hello", version: VERSION, base, files, url, life, engine } satisfies Hello, []);
    } catch (cause) {
      this.channel.terminate();
      throw unsendable(what, ["options"], [engine], cause);
    }
    return life;
  }

  private async start(what: string, first: Promise<Answer>, limit: number, life: string | null): Promise<void> {
    let waiting: ReturnType<typeof timer>;
    const late = new Promise<never>((_, reject) => {
      const expected = `the worker did not answer within ${limit / 1000} s`;
      const message = `${what}: ${expected}; its file may not be lowrank-worker.js`;
      waiting = timer(limit, () => reject(new UnsupportedError(message, { op: what, expected })));
    });
    try {
      this.channel.busy(true);
      const here = await Promise.race([first, late]);
      if (here.type === "refused") throw otherVersion(what, here.version);
      if (here.locked) this.watch(life);
    } catch (error) {
      const failure = await this.explained(what, error as Error);
      this.lose("died", "it did not come up", failure);
      throw failure;
    } finally {
      clearTimeout(waiting);
      // A call that was refused before it was sent waits for nothing.
      this.channel.busy(this.peer.awaits);
    }
  }

  /** Waits for the worker's lock, which any end of the worker frees. */
  private watch(life: string | null): void {
    if (life === null) return;
    const { signal } = this.noLock;
    lockManager()!
      .request(life, { signal }, () => this.lose("died", "the worker has ended"))
      .catch(() => undefined);
  }

  private async explained(what: string, error: Error): Promise<Error> {
    const { address } = this.channel;
    const why = await this.channel.diagnose().catch(() => null);
    if (why === null) return error;
    const details = { op: what, option: "url", address };
    return new UnsupportedError(`${what}: ${why}`, details, { cause: error.cause ?? error });
  }

  private lose(reason: string, why: string, cause?: unknown): void {
    if (this.ended !== null) return;
    const what = "the worker is gone, and what it held";
    this.ended = new WorkerLostError(`${what}: ${why}`, { reason }, cause === undefined ? {} : { cause });
    this.noLock.abort();
    this.channel.terminate();
    this.peer.lost(this.ended);
  }
}

/** Workers that callers started and passed in: each can be used once. */
const given = new WeakSet<object>();

function claim(what: string, worker: object): void {
  if (given.has(worker))
    throw unexpected(what, "worker", "a Worker that was not given before: each has one engine", worker);
  given.add(worker);
}

/** Throws `UnsupportedError` if the runtime refuses at once. */
function channelTo(what: string, start: () => WorkerChannel): WorkerChannel {
  try {
    return start();
  } catch (cause) {
    const message = `${what}: the worker could not be started: ${clip(String(cause))}`;
    throw new UnsupportedError(message, { op: what, option: "url" }, { cause });
  }
}

const lockManager = () => (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;

function otherVersion(what: string, version: string): UnsupportedError {
  const advice = "copy lowrank-worker.js of the same version to its address";
  const message = `${what}: the worker's file is of version ${clip(version)}, this one of ${VERSION}: ${advice}`;
  return new UnsupportedError(message, { op: what, option: "url", expected: VERSION, actual: version });
}

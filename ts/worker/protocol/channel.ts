/** A way to the other side: a Worker, or within one the way back. */
export interface Channel {
  /** Sends a message; what is transferred is no longer the sender's. Throws what `postMessage` throws, having sent nothing. */
  post(message: unknown, transfer: readonly Transferable[]): void;
  /** Whoever is to hear what comes. */
  listen(hear: (message: unknown) => void): void;
}

/** The page's end of it. */
export interface WorkerChannel extends Channel {
  /** Address of the worker's file, for messages; null where the caller started it. */
  readonly address: string | null;
  /** Whether the worker's end is heard by a lock that it holds; else by `onEnd`. */
  readonly byLock: boolean;
  /** Called once when the worker's file cannot be run, or, where the runtime tells, when the worker has ended. */
  onEnd(hear: (cause: unknown) => void): void;
  /** Whether something is awaited of the worker: a process is not kept alive by one that idles. */
  busy(awaited: boolean): void;
  /** Ends it, whatever it does. */
  terminate(): void;
  /** Why a worker did not come up, as far as can be found out, and what to do; null where that is unknown. */
  diagnose(): Promise<string | null>;
}

/** A connection to the other side: a Worker, or in a worker its page. */
export interface Channel {
  /** Sends a message; transferred objects then belong to the other side. Throws the errors of `postMessage`; nothing is sent then. */
  post(message: unknown, transfer: readonly Transferable[]): void;
  /** Sets the receiver of messages. */
  listen(hear: (message: unknown) => void): void;
}

/** The page's end. */
export interface WorkerChannel extends Channel {
  /** URL of the worker's file, for messages; null if the caller started it. */
  readonly address: string | null;
  /** Whether the worker's end is detected by a lock that it holds; else by `onEnd`. */
  readonly byLock: boolean;
  /** Called once if the worker's file cannot run or, where the runtime reports it, when the worker has ended. */
  onEnd(hear: (cause: unknown) => void): void;
  /** Whether an answer is pending: an idle worker must not keep a process alive. */
  busy(awaited: boolean): void;
  /** Ends the worker at once. */
  terminate(): void;
  /** Why a worker did not start, as far as can be found out, and what to do; null if unknown. */
  diagnose(): Promise<string | null>;
}

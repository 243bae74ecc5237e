import type { InitOptions } from "../../engine/options.js";
import type { PackedError } from "./packed-error.js";

// Messages between a page and its worker. After the greeting both sides use the same messages: the worker calls functions of the page, such
// as a store's, as the page calls the worker's.

/** The target of a call: a function or static method by name, an object in the worker, or a function of the caller's. */
export type Target =
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "object"; readonly id: number; readonly method: string }
  | { readonly kind: "function"; readonly id: number };

/** The first message to a worker. */
export interface Hello {
  readonly type: "hello";
  /** The caller's version: both files must be of the same package version. */
  readonly version: string;
  /** Base of relative URLs; null if the worker has the same. */
  readonly base: string | null;
  /** URLs of the kernels' binaries, by variant, and of the worker's scripts, by name; null if the worker finds them itself. */
  readonly files: Readonly<Record<string, string>> | null;
  /** URL of the worker's file if the caller gave it: its scripts may be beside it. */
  readonly url: string | null;
  /** A lock that the worker holds while it lives; null if its end is detected otherwise. */
  readonly life: string | null;
  readonly engine: InitOptions;
}

/** The worker's answer. */
export type Answer =
  | {
      readonly type: "here";
      readonly version: string;
      /** Whether the worker holds the lock; a worker of another origin, or of none, cannot. */
      readonly locked: boolean;
    }
  | { readonly type: "refused"; readonly version: string };

/** Messages of both sides. `id` is the caller's number for its call. */
export type Message =
  | {
      readonly type: "call";
      readonly id: number;
      readonly target: Target;
      readonly args: readonly unknown[];
      /** Why it was cancelled before it began; null if it was not. */
      readonly aborted: PackedError | null;
    }
  /** A notification of a listener, without an answer. */
  | { readonly type: "tell"; readonly id: number; readonly value: unknown }
  | { readonly type: "abort"; readonly id: number; readonly reason: PackedError }
  | { readonly type: "result"; readonly id: number; readonly value: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: PackedError };

const isObject = (value: unknown) => typeof value === "object" && value !== null;

/** Whether a message is one of these: bundlers' clients and pages' tools may also send messages to a worker. */
export function isMessage(came: unknown): came is Message {
  const { type, id, target, args, aborted, reason, error } = Object(came) as Record<string, unknown>;
  if (typeof id !== "number") return false;
  if (type === "call") return isObject(target) && Array.isArray(args) && (aborted === null || isObject(aborted));
  if (type === "abort") return isObject(reason);
  if (type === "error") return isObject(error);
  return type === "tell" || type === "result";
}

/** Whether a message is a greeting. */
export const isHello = (came: unknown): came is Hello => (Object(came) as Partial<Hello>).type === "hello";

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

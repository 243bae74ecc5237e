import type { InitOptions } from "../../engine/options.js";
import type { PackedError } from "./packed-error.js";

// What goes between a page and its worker. After the greeting both sides say the same things: the worker calls functions of the
// page, such as those of a store, as the page calls those of the worker.

/** What a call is made on: a function or static method by its name, an object in the worker, a function of the caller's. */
export type Target =
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "object"; readonly id: number; readonly method: string }
  | { readonly kind: "function"; readonly id: number };

/** What a worker is told first. */
export interface Hello {
  readonly type: "hello";
  /** The caller's version: the two files are to be of one package. */
  readonly version: string;
  /** What relative addresses begin from; null where the worker shares the caller's. */
  readonly base: string | null;
  /** Addresses of the kernels' binaries, by variant; null where the worker finds them itself. */
  readonly binaries: Readonly<Record<string, string>> | null;
  /** A lock that the worker holds while it lives; null where its end is heard otherwise. */
  readonly life: string | null;
  readonly engine: InitOptions;
}

/** What it answers. */
export type Answer =
  | {
      readonly type: "here";
      readonly version: string;
      /** Whether the worker holds the lock that it was told of: one of another origin than its page's, or of none, cannot. */
      readonly locked: boolean;
    }
  | { readonly type: "refused"; readonly version: string };

/** What both sides say. `id` is the caller's number of its call. */
export type Message =
  | {
      readonly type: "call";
      readonly id: number;
      readonly target: Target;
      readonly args: readonly unknown[];
      /** Why it was cancelled before it began, where it was. */
      readonly aborted: PackedError | null;
    }
  /** What a function is told that gives nothing back. */
  | { readonly type: "tell"; readonly id: number; readonly value: unknown }
  | { readonly type: "abort"; readonly id: number; readonly reason: PackedError }
  | { readonly type: "result"; readonly id: number; readonly value: unknown }
  | { readonly type: "error"; readonly id: number; readonly error: PackedError };

const isObject = (value: unknown) => typeof value === "object" && value !== null;

/** Whether something that came is one of these: a bundler's client, or a page's tools, may speak to a worker too. */
export function isMessage(came: unknown): came is Message {
  const { type, id, target, args, aborted, reason, error } = Object(came) as Record<string, unknown>;
  if (typeof id !== "number") return false;
  if (type === "call") return isObject(target) && Array.isArray(args) && (aborted === null || isObject(aborted));
  if (type === "abort") return isObject(reason);
  if (type === "error") return isObject(error);
  return type === "tell" || type === "result";
}

/** Whether something that came is a greeting. */
export const isHello = (came: unknown): came is Hello => (Object(came) as Partial<Hello>).type === "hello";

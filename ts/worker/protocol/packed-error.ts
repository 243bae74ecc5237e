import {
  AbortError,
  AdapterError,
  ConfigError,
  EngineError,
  type ErrorClass,
  FormatError,
  LowrankError,
  MemoryError,
  ModelError,
  NonFiniteError,
  QuotaError,
  ShapeError,
  StaleNodeError,
  UnsupportedError,
  WorkerLostError,
} from "../../errors/errors.js";
import { excerpt, kindOf } from "../../errors/excerpt.js";

/** A thrown value in a message. */
export interface PackedError {
  /** The error's name; null for a value that is not an error. */
  readonly name: string | null;
  readonly message: string;
  readonly stack: string | null;
  /** Code of an error of this package; null for others. */
  readonly code: string | null;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly cause: PackedError | null;
  /** The thrown value, if it is not an error. */
  readonly value: unknown;
  /** Number of the error at the other side, if that side's function threw it first. */
  readonly thrown: number | null;
}

/** The classes of this package by code. */
const byCode: Readonly<Record<string, ErrorClass>> = {
  SHAPE: ShapeError,
  STALE_NODE: StaleNodeError,
  CONFIG: ConfigError,
  MODEL: ModelError,
  FORMAT: FormatError,
  ADAPTER: AdapterError,
  MEMORY: MemoryError,
  NON_FINITE: NonFiniteError,
  QUOTA: QuotaError,
  UNSUPPORTED: UnsupportedError,
  ENGINE: EngineError,
  WORKER_LOST: WorkerLostError,
  ABORTED: AbortError,
};

/** The platform's own classes by name. */
const builtIn = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** An error from the other side, and its number there. */
const cameFrom = new WeakMap<object, number>();

const LONGEST_CHAIN = 8;

/** Packs an error for a message. `keep` assigns a number, by which the other side can return it. */
export function packError(error: unknown, keep?: (error: unknown) => number, depth = 0): PackedError {
  const thrown = keep?.(error) ?? (typeof error === "object" && error !== null ? (cameFrom.get(error) ?? null) : null);
  try {
    return { ...shown(error, depth), thrown };
  } catch {
    // There must be an answer, even if a getter throws.
    return { ...NONE, name: "Error", message: "what was thrown cannot be looked at", thrown };
  }
}

const NONE = { name: null, message: "", stack: null, code: null, details: null, cause: null, value: null };

function shown(error: unknown, depth: number): Omit<PackedError, "thrown"> {
  if (!isError(error)) return { ...NONE, value: sendable(error) };
  const { name, message, stack, cause } = error;
  const ours = error instanceof LowrankError ? error : null;
  const details =
    ours && Object.fromEntries(Object.entries(ours.details).map(([key, value]) => [key, sendable(value)]));
  return {
    ...NONE,
    name: String(name),
    message: String(message),
    // A program may have overwritten it.
    stack: typeof stack === "string" ? stack : null,
    code: ours?.code ?? null,
    details,
    cause: cause === undefined || depth === LONGEST_CHAIN ? null : packError(cause, undefined, depth + 1),
  };
}

/** Restores an error with its class. `original` finds values that this side threw itself. */
export function unpackError(
  packed: PackedError,
  original?: (thrown: number) => { error: unknown } | undefined,
): unknown {
  const { name, message, stack, code, details, thrown, value } = packed;
  const own = thrown === null ? undefined : original?.(thrown);
  if (own !== undefined) return own.error;
  if (name === null) {
    if (thrown !== null && typeof value === "object" && value !== null) cameFrom.set(value, thrown);
    // Whatever the other side's function throws must be recognised when it comes back.
    return thrown === null || typeof value === "object" ? value : marked(new Error(excerpt(value)), thrown);
  }
  const options = packed.cause === null ? {} : { cause: unpackError(packed.cause, original) };
  const error = errorOf(name, message, code, details, options);
  // Messages were shortened when they were made.
  Object.defineProperty(error, "message", { value: message, writable: true, configurable: true });
  if (stack !== null) Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  return marked(error, thrown);
}

function errorOf(
  name: string,
  message: string,
  code: string | null,
  details: Readonly<Record<string, unknown>> | null,
  options: ErrorOptions,
): Error {
  const kind = code !== null && Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (kind !== undefined) return Object.assign(new kind(message, {}, options), { details: { ...details } });
  const error = Object.hasOwn(builtIn, name)
    ? new builtIn[name as "Error"](message, options)
    : new Error(message, options);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, writable: true, configurable: true });
  return error;
}

function marked(error: Error, thrown: number | null): Error {
  if (thrown !== null) cameFrom.set(error, thrown);
  return error;
}

const isError = (value: unknown): value is Error =>
  value instanceof Error || /Error$|^DOMException$/.test(kindOf(value));

/** The value if it can be sent, else a description. */
function sendable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return excerpt(value);
  }
}

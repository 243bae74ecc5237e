import { brief, clip } from "./excerpt.js";

/**
 * Longest message in characters. What came may be a file of any size: messages quote an excerpt of it, and this is for
 * where one was forgotten.
 */
const LONGEST_MESSAGE = 1_500;

/**
 * Base of every error this package throws. `code` is stable, and so are the keys of `details`, the values behind the
 * message. Errors hold those of them that apply:
 *
 * - `op`: what refused, as the message begins: an op, function, class or file
 * - `shapes`: of the inputs of the op that failed, in order; whatever it failed by
 * - `option`, `value`, `expected`: an option, argument or field by its name, what came, and what it must be in words;
 *   `allowed` lists what it may be, `meant` is what was likely meant
 * - `place`: where in a list the value stands; `length`: how many the list or dimension may count
 * - `input`, `actual`, `expected`: a tensor by its name, its shape, and the one it must have (its layout in words)
 * - `node`: the id of a node; `reason`: "disposed", "ended" or "unknown" for a stale one
 * - `reason`: why a call came at the wrong time ("not started", "disposed", "running", "view", "open", "promise");
 *   what happened, of an `EngineError` ("disposed", "trapped", "thread died"); the signal's own of an `AbortError`; of a
 *   `WorkerLostError` "ended" (by its owner), "aborted" (it did not answer an abort in time) or "died"
 * - `requested`, `used`, `reserved`, `maximum`: bytes of memory; of a browser's storage `available` too
 * - `step`: of training; `file`, `line`, `tensor`, `module`: of what was read; `folder`, `model`, `missing` of where
 * - `name`: of an adapter; `reason` says what it is ("merged", "not merged", "running", "unknown"); `label`: a class's
 */
export class LowrankError extends Error {
  /** Stable name of the kind of error, such as "SHAPE": for programs that tell errors apart. */
  readonly code: string;
  /** The values behind the message, lists copied; in place of a very large one stands its excerpt. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(clip(message, LONGEST_MESSAGE), options);
    this.name = "LowrankError";
    this.code = code;
    this.details = kept(details);
  }
}

function kept(details: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).map(([key, value]) => [key, brief(value)]));
}

/** Adds to an error of this package what only its catcher knows; what it holds already stays. Gives the error back. */
export function withDetails(error: unknown, details: Record<string, unknown>): unknown {
  if (error instanceof LowrankError) Object.assign(error, { details: { ...kept(details), ...error.details } });
  return error;
}

/** Puts a folder before a message that begins with the name of one of its files, or with "adapter:". Gives the error back. */
export function withFolder(error: unknown, folder: string, files: readonly string[]): unknown {
  if (error instanceof LowrankError && [...files, "adapter:"].some((start) => error.message.startsWith(start)))
    error.message = `${clip(folder)}: ${error.message}`;
  return error;
}

/** A class of these errors. */
export type ErrorClass = new (
  message: string,
  details?: Record<string, unknown>,
  options?: ErrorOptions,
) => LowrankError;

// Called as pure, so that a bundler leaves out the classes that a program does not use. The declared type keeps Node's additions to Error out of the published types.
// The name is written out: a class's own is gone once a bundler has made it shorter.
function named(code: string, name: string): ErrorClass {
  return class extends LowrankError {
    constructor(message: string, details?: Record<string, unknown>, options?: ErrorOptions) {
      super(code, message, details, options);
      this.name = name;
    }
  };
}

/**
 * Shapes that do not fit an operation. The message names both: look at `details.shapes`, and whether a weight lies `[in, out]`,
 * as here, or `[out, in]`, as in PyTorch's files.
 */
export class ShapeError extends /* @__PURE__ */ named("SHAPE", "ShapeError") {}
/**
 * Something that is gone: a model, classifier, index, session, optimizer or graph that was disposed (`details.reason` is `"disposed"`), or a
 * `NodeId` whose node was rewound, disposed, or made by another graph. Nodes of a step end with it: read their values before it returns,
 * and make what is to stay outside of steps.
 */
export class StaleNodeError extends /* @__PURE__ */ named("STALE_NODE", "StaleNodeError") {}
/**
 * An option, argument or call order that makes no sense. Nothing was begun: correct it and call again. `details.meant` is what was
 * likely meant by a name that does not exist.
 */
export class ConfigError extends /* @__PURE__ */ named("CONFIG", "ConfigError") {}
/**
 * A model that cannot be found or is not what its files say. `details` says where it was looked for and which file is missing; a
 * download that broke off goes on where it was when it is asked for again.
 */
export class ModelError extends /* @__PURE__ */ named("MODEL", "ModelError") {}
/**
 * Bytes or text that break their file format. Fetch or write the file again: a half of one, or an error page in its place, is the
 * usual cause.
 */
export class FormatError extends /* @__PURE__ */ named("FORMAT", "FormatError") {}
/**
 * An adapter that is malformed or does not fit its base model. Load it on the model that it was trained on; `lowrank check` tells
 * before, by exit code.
 */
export class AdapterError extends /* @__PURE__ */ named("ADAPTER", "AdapterError") {}
/**
 * Linear memory is exhausted or the maximum would be passed. Everything is as it was: take smaller batches (`accumulate`),
 * `checkpointing`, `weights: "f16"` or fewer bits, or dispose of what is no longer needed.
 */
export class MemoryError extends /* @__PURE__ */ named("MEMORY", "MemoryError") {}
/**
 * A browser's storage has no room for what is to be kept in it. What came is kept: free some room (`clearCache`) and call again, and it
 * goes on from there.
 */
export class QuotaError extends /* @__PURE__ */ named("QUOTA", "QuotaError") {}
/**
 * A loss, gradient, logit or parameter that is NaN or infinite where a number is needed. Parameters are those of the last finished
 * step: take a lower learning rate, clip gradients, or look at the texts of `details.step`.
 */
export class NonFiniteError extends /* @__PURE__ */ named("NON_FINITE", "NonFiniteError") {}
/** Something this runtime or this version cannot do; the message says what can be done instead. */
export class UnsupportedError extends /* @__PURE__ */ named("UNSUPPORTED", "UnsupportedError") {}
/**
 * The engine was closed, or a kernel trapped or a thread died in the middle of a call, whose result is lost. Start another one
 * (`createEngine`) and load the model again; a run goes on from its checkpoint.
 */
export class EngineError extends /* @__PURE__ */ named("ENGINE", "EngineError") {}

/** A worker is gone, and with it all that it held; what was asked of it has no answer. `reason` says how it ended. Start another. */
export class WorkerLostError extends /* @__PURE__ */ named("WORKER_LOST", "WorkerLostError") {}

/** Work was cancelled through an `AbortSignal`; `name` is "AbortError", as the platform's own. */
export class AbortError extends /* @__PURE__ */ named("ABORTED", "AbortError") {
  constructor(message = "the operation was aborted", details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, details, options);
  }
}

import { EngineError } from "../errors/errors.js";

/** A named error for a kernel that trapped on the calling thread; other errors unchanged. */
export function nameTrap(error: unknown): unknown {
  if (!(error instanceof WebAssembly.RuntimeError)) return error;
  return new EngineError("a kernel trapped, and its result is lost", { reason: "trapped" }, { cause: error });
}

/** Runs kernels outside a graph's methods, with a named error for a trap. */
export function namingTraps<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw nameTrap(error);
  }
}

import { EngineError } from "../errors/errors.js";

/** The error of a kernel that trapped on the calling thread, by name; any other as it is. */
export function nameTrap(error: unknown): unknown {
  if (!(error instanceof WebAssembly.RuntimeError)) return error;
  return new EngineError("a kernel trapped, and its result is lost", { reason: "trapped" }, { cause: error });
}

/** Runs kernels outside a graph's methods: where one traps, the error has a name. */
export function namingTraps<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw nameTrap(error);
  }
}

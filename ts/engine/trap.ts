import { EngineError } from "../errors/errors.js";

/** The error of a kernel that trapped on the calling thread, by name; any other as it is. */
export function nameTrap(error: unknown): unknown {
  if (!(error instanceof WebAssembly.RuntimeError)) return error;
  return new EngineError("a kernel trapped, and its result is lost", { reason: "trapped" }, { cause: error });
}

import { UnsupportedError } from "../../errors/errors.js";

/** The error of a kernel that does not run on a GPU. */
export function missingKernel(name: string): UnsupportedError {
  return new UnsupportedError(
    `webgpu: there is no GPU kernel "${name}" yet; use an engine with device "wasm" for this model or operation`,
    { op: "webgpu", missing: name },
  );
}

import type { Engine } from "../engine/running.js";
import type { Pointer } from "../engine/kernels.js";
import { sizeOf } from "../values/shape.js";
import { checkTensor, type Tensor } from "../values/tensor.js";

/**
 * A tensor as a user passed it, read once: shape and data cannot change between the check and the copy. Data that are a
 * window on linear memory are copied, for taking memory may grow it, which detaches the window. Throws `ShapeError`.
 */
export function readTensor(what: string, value: Tensor, engine: Engine): Tensor {
  const read = checkTensor(what, value);
  return engine.shows(read.data) ? { shape: read.shape, data: new Float32Array(read.data) } : read;
}

/** Copies data of `readTensor`. Throws `ConfigError` where another thread changed their length meanwhile. */
export function writeTensor({ shape, data }: Tensor, engine: Engine, pointer: Pointer): void {
  engine.write(pointer, data, sizeOf(shape));
}

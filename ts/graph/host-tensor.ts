import type { Engine } from "../engine/running.js";
import type { Pointer } from "../engine/kernels.js";
import { sizeOf } from "../values/shape.js";
import { checkTensor, type Tensor } from "../values/tensor.js";

/**
 * Reads a user's tensor once: shape and data cannot change between check and copy. Data that are a window on linear memory are copied,
 * since an allocation may grow the memory, which detaches the window. Throws `ShapeError`.
 */
export function readTensor(what: string, value: Tensor, engine: Engine): Tensor {
  const read = checkTensor(what, value);
  return engine.shows(read.data) ? { shape: read.shape, data: new Float32Array(read.data) } : read;
}

/** Elements of a constant that may be kept on the host too: biases and norms, not matrices. */
const SMALL = 65_536;

/**
 * Copies data of `readTensor` to a leaf that lives until it is released (`persistent`) or not. Throws `ConfigError` if another thread has
 * changed their length.
 */
export function writeTensor(
  { shape, data }: Tensor,
  engine: Engine,
  pointer: Pointer,
  persistent: boolean,
  requiresGrad: boolean,
): void {
  const size = sizeOf(shape);
  engine.write(pointer, data, size, persistent && (requiresGrad || size <= SMALL));
}

import type { Engine, Leaf } from "../engine/running.js";
import type { Pointer } from "../engine/kernels.js";
import { checkTensor, sizeOf, type Tensor } from "../values/tensor.js";

/**
 * Reads a user's tensor once: shape and data cannot change between check and copy. Data that are a window on linear memory are copied,
 * since an allocation may grow the memory, which detaches the window. Throws `ShapeError`.
 */
export function readTensor(what: string, value: Tensor, engine: Engine): Tensor {
  const read = checkTensor(what, value);
  return engine.shows(read.data) ? { shape: read.shape, data: new Float32Array(read.data) } : read;
}

/** Copies data of `readTensor` to a leaf. Throws `ConfigError` if another thread has changed their length. */
export function writeTensor({ shape, data }: Tensor, engine: Engine, pointer: Pointer, leaf: Leaf): void {
  engine.write(pointer, data, sizeOf(shape), leaf);
}

import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import type { WithHalves } from "../halves-kernels.js";
import type { Kernels } from "../kernels.js";
import type { Heap } from "../memory/heap.js";
import type { CommandStream } from "./command-stream.js";
import type { GpuMemory } from "./gpu-memory.js";
import type { Guard } from "./guard.js";
import type { KeptCopies } from "./kept-copies.js";
import { attentionKernels } from "./kernels/attention.js";
import { elementwiseKernels } from "./kernels/elementwise.js";
import { encoderKernels } from "./kernels/encoder.js";
import { copyKernel, memoryKernels } from "./kernels/memory.js";
import { productKernels } from "./kernels/product.js";
import { reductionKernels } from "./kernels/reduction.js";
import { roundingKernels } from "./kernels/rounded-product.js";

/**
 * The kernels that run on a GPU, by the names of `Kernels`. Any other one throws `UnsupportedError` with its name when it is called, before
 * anything is computed.
 */
export function gpuKernels(
  stream: CommandStream,
  memory: GpuMemory,
  heap: Heap,
  kept: KeptCopies,
  guard: Guard,
): Kernels & WithHalves {
  const known: Partial<Kernels> & WithHalves = {
    ...memoryKernels(stream),
    copy: copyKernel(stream, heap),
    ...productKernels(stream, memory),
    ...roundingKernels(stream),
    ...elementwiseKernels(stream),
    ...reductionKernels(stream, kept, guard),
    ...encoderKernels(stream),
    ...attentionKernels(stream, memory, heap),
    sum_of_squares: () => {
      const message =
        'a norm cannot be returned at once by an engine with device "webgpu": `await clipGradNormLater(graph, params, maxNorm)`';
      throw new ConfigError(message, { op: "webgpu", reason: "asynchronous" });
    },
  };
  return new Proxy(known as Kernels, {
    get: (kernels, name) => kernels[name as keyof Kernels] ?? (() => refuse(String(name))),
  });
}

function refuse(kernel: string): never {
  throw new UnsupportedError(
    `webgpu: there is no GPU kernel "${kernel}" yet; use an engine with device "wasm" for this model or operation`,
    { op: "webgpu", missing: kernel },
  );
}

import { changed, typedLength } from "../../arguments/typed-array.js";
import { ConfigError, EngineError } from "../../errors/errors.js";
import type { AdapterOffer } from "./adapter-offer.js";
import type { Pointer } from "../kernels.js";
import { Heap } from "../memory/heap.js";
import { Engine, type EngineParts, type GradientPart } from "../running.js";
import { withScratch } from "./scratch.js";
import type { TileChoice } from "../tile.js";
import type { WasmKernels } from "../wasm-kernels.js";
import { CommandStream, type Counts } from "./command-stream.js";
import { errorOf, GpuFailure, lostDevice } from "./failure.js";
import { GpuMemory } from "./gpu-memory.js";
import { gpuKernels } from "./gpu-kernels.js";
import { clipFactor, partialSquares } from "./programs/reduction.js";
import { scaleBy } from "./programs/memory.js";

/** Elements of a partial sum of squares: few enough that a float32 sum in 64 threads keeps its digits. */
const PART = 16_384;
/** The tile of a product, for `EngineInfo`. */
const TILE = { rows: 64, columns: 64 };

/** An engine on a GPU. Kernels are submitted, not awaited: values are read with `readLater`, and errors of the device come with it. */
export class GpuEngine extends Engine {
  /** Numbers that were drawn on the host, while nothing else was computed. */
  private drawn: { readonly pointer: Pointer; readonly data: Float32Array } | null = null;
  private endsHost = true;

  private constructor(
    parts: EngineParts,
    private readonly stream: CommandStream,
    private readonly store: GpuMemory,
    private readonly failure: GpuFailure,
    /** Whether the adapter is a program on the CPU. */
    readonly isSoftware: boolean,
  ) {
    super(parts);
  }

  /** Makes an engine that owns `device` and `host`, an engine on WASM for random numbers; `close` ends both. */
  static of(device: GPUDevice, offer: AdapterOffer, host: Engine, maximumMemory: number): GpuEngine {
    const failure = new GpuFailure();
    let closing = false;
    void device.lost.then(({ message }) => {
      if (!closing) failure.fail(lostDevice(message));
    });
    device.onuncapturederror = ({ error }) => failure.fail(errorOf("validation", error.message));
    const stream = new CommandStream(device, failure);
    const store = new GpuMemory(device, stream, failure, maximumMemory);
    const heap = new Heap(store, maximumMemory);
    let engine: GpuEngine | null = null;
    const kernels = gpuKernels(stream, store, host, heap, (pointer, data) => {
      store.write(pointer, data);
      engine!.drawn = { pointer, data };
    });
    const { vendor, architecture, description, isFallbackAdapter } = device.adapterInfo;
    const parts = {
      ...host.running,
      ...{ kernels: kernels as WasmKernels, heap, maximumMemory },
      adapter: { vendor, architecture, description, software: isFallbackAdapter, ...offer },
      // The product's tile follows from the sizes; there is nothing to measure between steps.
      tile: {
        current: TILE,
        settle: () => undefined,
        allows: () => true,
        keep: () => undefined,
      } as unknown as TileChoice,
      end: async () => {
        closing = true;
        failure.fail(new EngineError("the engine was closed; what it held is gone", { reason: "disposed" }));
        store.destroy();
        device.destroy();
        if (engine!.endsHost) await host.close();
      },
    };
    return (engine = new GpuEngine(parts, stream, store, failure, isFallbackAdapter));
  }

  /** Throws `EngineError` after `close`, and the device's error after one. */
  override assertOpen(): void {
    super.assertOpen();
    this.failure.assertNone();
  }

  /** Closes it without the engine on WASM. */
  abandon(): void {
    this.endsHost = false;
    void this.close();
  }

  /** Dispatches, submissions and bytes that crossed since the start. */
  get counts(): Readonly<Counts> {
    return { ...this.stream.counts };
  }

  override write(pointer: Pointer, data: Float32Array | Int32Array | Uint32Array | Uint8Array, elements: number): void {
    const actual = typedLength(data);
    if (actual !== elements) throw changed(elements, actual);
    this.drawn = null;
    this.store.write(pointer, data);
  }

  override read(pointer: Pointer, elements: number, target?: Float32Array): Float32Array {
    const { drawn } = this;
    if (drawn?.pointer !== pointer || drawn.data.length !== elements) throw synchronousRead();
    target?.set(drawn.data);
    return target ?? drawn.data.slice();
  }

  override async readLater(pointer: Pointer, elements: number): Promise<Float32Array> {
    return new Float32Array(await this.store.read(pointer, 4 * elements));
  }

  override readBytes(): Uint8Array {
    throw synchronousRead();
  }

  override window(): Float32Array {
    throw synchronousRead();
  }

  override shows(): boolean {
    return false;
  }

  /**
   * Scales gradients on the device as `clipGradNorm` does: later kernels see the scaled ones, and the promise is for their norm before it.
   * A norm that is not finite makes all of them NaN.
   */
  override clip(gradients: readonly GradientPart[], maxNorm: number): Promise<number> {
    const counts = gradients.map(({ size }) => Math.ceil(size / PART));
    const parts = counts.reduce((sum, count) => sum + count, 0);
    return withScratch(this.heap, parts + 2, (sums) => {
      const result = sums + 4 * parts;
      let at = sums;
      gradients.forEach(({ pointer, size }, i) => {
        this.stream.rows(partialSquares, counts[i]!, size, pointer, at, PART);
        at += 4 * counts[i]!;
      });
      this.stream.rows(clipFactor, 1, parts, sums, result, maxNorm);
      for (const { pointer, size } of gradients) this.stream.elements(scaleBy, size, result + 4, pointer);
      return this.readLater(result, 1).then(([norm]) => norm!);
    });
  }
}

function synchronousRead(): ConfigError {
  return new ConfigError(
    'values of an engine with device "webgpu" are read asynchronously: `await graph.read(id)`, `await graph.readGrad(id)`',
    { op: "webgpu", reason: "asynchronous" },
  );
}

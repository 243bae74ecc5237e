import { changed, typedLength } from "../../arguments/typed-array.js";
import { ConfigError, EngineError } from "../../errors/errors.js";
import type { AdapterOffer } from "./adapter-offer.js";
import type { Pointer } from "../kernels.js";
import { withScratch } from "../memory/scratch.js";
import { Engine, type EngineParts, type GradientPart, type LateStep, type Leaf } from "../running.js";
import type { TileChoice } from "../tile.js";
import type { LinearMemory, WasmKernels } from "../platform-types.js";
import { CommandStream, type Counts } from "./command-stream.js";
import { errorOf, GpuFailure, lostDevice } from "./failure.js";
import { gpuKernels } from "./gpu-kernels.js";
import { GpuMemory } from "./gpu-memory.js";
import { Guard } from "./guard.js";
import { KeptCopies } from "./kept-copies.js";
import { roundingPays } from "./kernels/rounded-product.js";
import { copy, fill, flagNonFinite, scaleBy } from "./programs/memory.js";
import { clipFactor, partialSquares } from "./programs/reduction.js";
import { Heap } from "../memory/heap.js";

/** Elements of a partial sum of squares: few enough that a float32 sum in 64 threads keeps its digits. */
const PART = 16_384;
/** Elements of a constant that is kept on the host too: biases and norms, not matrices. */
const SMALL = 65_536;
/** The tile of a product, for `EngineInfo`. */
const TILE = { rows: 64, columns: 64 };

/** An engine on a GPU. Kernels are submitted, not awaited: values are read with `readLater`, and errors of the device come with it. */
export class GpuEngine extends Engine {
  private endsHost = true;

  private constructor(
    parts: EngineParts,
    private readonly stream: CommandStream,
    private readonly store: GpuMemory,
    private readonly failure: GpuFailure,
    private readonly host: Engine,
    private readonly kept: KeptCopies,
    private readonly guard: Guard,
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
    const [kept, guard] = [new KeptCopies(), new Guard()];
    const heap = new GpuHeap(store, maximumMemory, kept);
    let engine: GpuEngine | null = null;
    const kernels = gpuKernels(stream, store, heap, kept, guard);
    const { vendor, architecture, description, isFallbackAdapter } = device.adapterInfo;
    const parts = {
      ...host.running,
      kernels: kernels as WasmKernels,
      heap,
      maximumMemory,
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
    return (engine = new GpuEngine(parts, stream, store, failure, host, kept, guard, isFallbackAdapter));
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

  override get atOnce(): Engine {
    return this.host;
  }

  override get readsLater(): boolean {
    return true;
  }

  override roundingPays(rows: number): boolean {
    return roundingPays(this.stream, rows);
  }

  /** Whether products can round their inputs to 16 bits. */
  get rounds(): boolean {
    return this.stream.has("shader-f16");
  }

  override write(
    pointer: Pointer,
    data: Float32Array | Int32Array | Uint32Array | Uint8Array,
    elements: number,
    leaf?: Leaf,
  ): void {
    const actual = typedLength(data);
    if (actual !== elements) throw changed(elements, actual);
    this.store.write(pointer, data);
    const isKept = leaf?.persistent && (leaf.requiresGrad || elements <= SMALL);
    if (isKept || this.kept.has(pointer)) this.kept.written(pointer, data as Float32Array);
  }

  override zero(pointer: Pointer, elements: number): void {
    this.write(pointer, new Float32Array(elements), elements, { persistent: true, requiresGrad: true });
  }

  override readsAtOnce(pointer: Pointer, elements: number): boolean {
    return this.kept.current(pointer, elements) !== undefined;
  }

  override copy(from: Pointer, to: Pointer, elements: number): void {
    super.copy(from, to, elements);
    this.kept.changed(to, elements);
    // Read soon, for what reads it at once; a device that is lost is reported by the next call.
    this.readLater(to, elements).catch(() => undefined);
  }

  override read(pointer: Pointer, elements: number, target?: Float32Array): Float32Array {
    const data = this.kept.current(pointer, elements);
    if (data === undefined) throw synchronousRead();
    target?.set(data);
    return target ?? data.slice();
  }

  override async readLater(pointer: Pointer, elements: number): Promise<Float32Array> {
    const keep = this.kept.reading(pointer);
    const data = new Float32Array(await this.store.read(pointer, 4 * elements));
    keep(data);
    return data;
  }

  override async refresh(): Promise<void> {
    await Promise.all(this.kept.stale().map(({ pointer, elements }) => this.readLater(pointer, elements)));
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
    return withScratch(this.heap, 2, (result) => {
      this.clipTo(result, gradients, maxNorm);
      return this.readLater(result, 1).then(([norm]) => norm!);
    });
  }

  override lateStep(parts: number): LateStep {
    const { heap, stream, guard, failure } = this;
    // Before memory is allocated that nobody would release.
    failure.assertNone();
    // The losses, the norm with its factor, and the flag of what is not finite.
    const losses = heap.allocate(4 * (parts + 3));
    const norm = losses + 4 * parts;
    const flag = norm + 8;
    let added = 0;
    stream.elements(fill, 1, 0, flag);
    const flagging = (number: Pointer) => stream.elements(flagNonFinite, 1, number, flag);
    return {
      add: (loss) => {
        stream.elements(copy, 1, loss, losses + 4 * added++);
        flagging(loss);
      },
      update: (gradients, maxNorm, update) => {
        this.clipTo(norm, gradients, maxNorm);
        flagging(norm);
        guard.during(flag, update);
        return this.readLater(losses, parts + 1).then((numbers) => ({
          loss: numbers.subarray(0, added).reduce((sum, loss) => sum + loss, 0),
          norm: numbers[parts]!,
        }));
      },
      end: () => heap.release(losses),
    };
  }

  /** Writes the norm of gradients and the factor that clips them to `result`, and scales them, unless there is no bound. */
  private clipTo(result: Pointer, gradients: readonly GradientPart[], maxNorm: number | null): void {
    const { heap, stream } = this;
    const counts = gradients.map(({ size }) => Math.ceil(size / PART));
    const parts = counts.reduce((sum, count) => sum + count, 0);
    withScratch(heap, parts, (sums) => {
      let at = sums;
      gradients.forEach(({ pointer, size }, i) => {
        stream.rows(partialSquares, counts[i]!, size, pointer, at, PART);
        at += 4 * counts[i]!;
      });
      stream.rows(clipFactor, 1, parts, sums, result, maxNorm ?? 0);
    });
    if (maxNorm === null) return;
    for (const { pointer, size } of gradients) stream.elements(scaleBy, size, result + 4, pointer);
  }
}

function synchronousRead(): ConfigError {
  return new ConfigError(
    'values of an engine with device "webgpu" are read asynchronously: `await graph.read(id)`, `await graph.readGrad(id)`',
    { op: "webgpu", reason: "asynchronous" },
  );
}

/** The heap of a GPU's buffer: the copy of a block ends with it. */
class GpuHeap extends Heap {
  constructor(
    memory: LinearMemory,
    maximum: number,
    private readonly kept: KeptCopies,
  ) {
    super(memory, maximum);
  }

  override release(pointer: Pointer): void {
    super.release(pointer);
    this.kept.released(pointer);
  }
}

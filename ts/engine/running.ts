import { EngineError } from "../errors/errors.js";
import type { Features } from "./features.js";
import type { Heap } from "./memory/heap.js";
import type { Pointer } from "./kernels.js";
import type { WorkerSource } from "./worker-source.js";
import type { Build } from "./source.js";
import type { Tile, TileChoice } from "./tile.js";
import { copyInto, isBytes, isFloats, typedBuffer } from "../arguments/typed-array.js";
import type { WasmKernels } from "./platform-types.js";

/** A gradient in memory, of `size` elements. */
export interface GradientPart {
  readonly pointer: Pointer;
  readonly size: number;
}

/** A constant or variable. */
export interface Leaf {
  /** Whether it lives until it is released: in a block of its own, which only optimizers change. */
  readonly persistent: boolean;
  /** Whether it is a variable. */
  readonly requiresGrad: boolean;
}

/** A training step on an engine that reads later. */
export interface LateStep {
  /** Notes the loss of a micro-batch, one number. */
  add(loss: Pointer): void;
  /**
   * Clips gradients to a common norm, then runs `update`, which changes no parameter if a loss or the norm is not finite. Resolves with the
   * losses' sum and the norm before clipping: the one read of the step.
   */
  update(
    gradients: readonly GradientPart[],
    maxNorm: number | null,
    update: () => void,
  ): Promise<{ readonly loss: number; readonly norm: number }>;
  /** Frees its memory. */
  end(): void;
}

/** Facts about a running engine. */
export interface EngineInfo {
  /** The running binary; of an engine on a GPU that of the engine on WASM that draws its random numbers. */
  readonly build: Build;
  /** Why it is not the relaxed one, which is faster, and what to do; null if it is, or if `build` was "simd". */
  readonly relaxedRefused: string | null;
  /** Number of threads, including the calling one. */
  readonly threads: number;
  /** Why there are fewer threads than requested, or only one for "auto"; null otherwise. */
  readonly threadsRefused: string | null;
  /** Register tile of the matrix product, rows × columns. */
  readonly tile: Tile;
  /** Features of the runtime, whether or not they are used. */
  readonly features: Features;
  /** The GPU of an engine with device "webgpu", in words of its driver. */
  readonly adapter?: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    /** Whether it is a program on the CPU (SwiftShader, lavapipe), whose times say nothing about a GPU. */
    readonly software: boolean;
    /** WebGPU's names of what it offers, in the alphabet's order. */
    readonly features: readonly string[];
    /** Limits by WebGPU's names, those that bear on computing. */
    readonly limits: Readonly<Record<string, number>>;
  };
  /** Bytes: in use, peak, size of linear memory, its maximum. */
  readonly memory: {
    readonly used: number;
    readonly peak: number;
    readonly reserved: number;
    readonly maximum: number;
  };
}

/** The parts of an engine. */
export interface EngineParts {
  readonly kernels: WasmKernels;
  readonly heap: Heap;
  readonly tile: TileChoice;
  readonly build: Build;
  readonly relaxedRefused: string | null;
  readonly threads: number;
  readonly threadsRefused: string | null;
  readonly features: Features;
  readonly adapter?: EngineInfo["adapter"];
  /** The maximum of memory at its start; the heap's may be lower. */
  readonly maximumMemory: number;
  /** The file from which threads did not start, undefined for the package's own; null if they started, or none were tried. */
  readonly failed: { readonly worker: WorkerSource | undefined } | null;
  /** Ends the workers; resolves when they are gone. */
  readonly end: () => Promise<void>;
}

/** `Engine`, for `createEngine`: its constructor is private to users. */
export type EngineConstructor = new (parts: EngineParts) => Engine;

/** A running instance of the kernels with its memory and threads. A process can have several; each graph belongs to one. */
export class Engine {
  private ended: Promise<void> | undefined;
  private whole = new Int32Array();

  protected constructor(private parts: EngineParts | null) {}

  /**
   * @internal Scales gradients so that their common norm is at most `maxNorm`, in order with other calls; resolves with the norm before. Only
   * of engines that read later.
   */
  clip?(gradients: readonly GradientPart[], maxNorm: number): Promise<number>;

  /** @internal Begins a step of `parts` micro-batches. Only of engines that read later. */
  lateStep?(parts: number): LateStep;

  /**
   * @internal Reads the variables and the moments that optimizers have changed, so that `read` has them until they change again. Only of
   * engines that read later.
   */
  refresh?(): Promise<void>;

  /** @internal The engine for work that reads its results at once: of an engine on a GPU, the one on WASM beside it. */
  get atOnce(): Engine {
    return this;
  }

  /** @internal Whether values come as promises only (`readLater`). */
  get readsLater(): boolean {
    return false;
  }

  /** @internal Whether a product of `rows` rows with a weight in groups is faster with rounded inputs. */
  roundingPays(_rows: number): boolean {
    return true;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.parts === null;
  }

  /** @internal Its parts. Throws `EngineError` after `close`. */
  get running(): EngineParts {
    if (this.parts === null) throw closed();
    return this.parts;
  }

  /** @internal Throws `EngineError` after `close`. */
  assertOpen(): void {
    if (this.parts === null) throw closed();
  }

  /** @internal */
  get kernels(): WasmKernels {
    return this.running.kernels;
  }

  /** @internal */
  get heap(): Heap {
    return this.running.heap;
  }

  /** @internal */
  get tile(): TileChoice {
    return this.running.tile;
  }

  /** Build, threads, tile and memory. Throws `EngineError` once it is closed. */
  get info(): EngineInfo {
    const {
      kernels: _kernels,
      end: _end,
      maximumMemory: _maximum,
      failed: _failed,
      tile,
      heap,
      ...rest
    } = this.running;
    const { used, peak, reserved, maximum } = heap;
    return { ...rest, tile: tile.current, memory: { used, peak, reserved, maximum } };
  }

  /**
   * Ends the engine's threads and frees its memory; resolves when the threads have ended. Its graphs then throw `EngineError`, and can
   * still be disposed. Safe to call twice.
   */
  close(): Promise<void> {
    if (this.parts === null) return this.ended!;
    const { heap, end } = this.parts;
    this.parts = null;
    // References to the engine or its graphs then hold none of its memory.
    heap.leave();
    this.whole = new Int32Array();
    return (this.ended = end());
  }

  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Sets a block that optimizers change to 0. */
  zero(pointer: Pointer, elements: number): void {
    this.kernels.fill(elements, 0, pointer);
  }

  /** @internal Whether `read` has an address' numbers now. */
  readsAtOnce(_pointer: Pointer, _elements: number): boolean {
    return true;
  }

  /** @internal Copies numbers to a variable. */
  copy(from: Pointer, to: Pointer, elements: number): void {
    this.kernels.copy(elements, from, to);
  }

  /**
   * @internal Copies `elements` numbers of host data into memory; integers keep their bits. Throws `ConfigError` if there are not as many.
   * @param _leaf what is written as a whole: an engine that reads later may keep a copy
   */
  write(
    pointer: Pointer,
    data: Float32Array | Int32Array | Uint32Array | Uint8Array,
    elements: number,
    _leaf?: Leaf,
  ): void {
    if (isFloats(data)) return copyInto(this.window(pointer, elements), data, elements);
    if (isBytes(data)) return copyInto(new Uint8Array(this.heap.memory.buffer, pointer, elements), data, elements);
    // Integers that are copied as floats would lose bits if they are NaN. Only ops use them, with their own copies.
    const [all, start] = [this.integers(), pointer >>> 2];
    for (let i = 0; i < elements; i++) all[start + i] = data[i]!;
  }

  /** A view of all memory, cached because making an array costs as much as a small kernel. Growth replaces it. */
  private integers(): Int32Array {
    const { buffer } = this.heap.memory;
    if (this.whole.buffer !== buffer) this.whole = new Int32Array(buffer);
    return this.whole;
  }

  /** @internal A copy of memory, into `target` if given. */
  read(pointer: Pointer, elements: number, target?: Float32Array): Float32Array {
    const window = this.window(pointer, elements);
    if (target === undefined) return window.slice();
    target.set(window);
    return target;
  }

  /** @internal A copy of memory as it is at the call: what every engine has, also one whose memory is elsewhere. */
  async readLater(pointer: Pointer, elements: number): Promise<Float32Array> {
    return this.read(pointer, elements);
  }

  /** @internal A copy of bytes of memory, into `target` if given. */
  readBytes(pointer: Pointer, length: number, target?: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(this.heap.memory.buffer, pointer, length);
    if (target === undefined) return bytes.slice();
    target.set(bytes);
    return target;
  }

  /** @internal A view of memory, detached by the next growth: do not keep it. */
  window(pointer: Pointer, elements: number): Float32Array {
    return new Float32Array(this.heap.memory.buffer, pointer, elements);
  }

  /** @internal Whether an array is such a view. */
  shows(array: ArrayBufferView): boolean {
    return typedBuffer(array) === this.heap.memory.buffer;
  }
}

function closed(): EngineError {
  return new EngineError("the engine was closed; what it held is gone", { reason: "disposed" });
}

import { EngineError } from "../errors/errors.js";
import type { Features } from "./features.js";
import type { Heap } from "./memory/heap.js";
import type { Pointer } from "./kernels.js";
import type { WorkerSource } from "./worker-source.js";
import type { Build } from "./source.js";
import type { Tile, TileChoice } from "./tile.js";
import { copyInto, isBytes, isFloats, typedBuffer } from "../arguments/typed-array.js";
import type { WasmKernels } from "./wasm-kernels.js";

/** What runs, and what it uses. */
export interface EngineInfo {
  /** The binary that runs. */
  readonly build: Build;
  /** Why it is not the relaxed one, which is faster, and how to get that; null where it is, or where this one was asked for. */
  readonly relaxedRefused: string | null;
  /** Threads that share the work, the calling one included. */
  readonly threads: number;
  /** Why there are fewer threads than were asked for, or only one where "auto" chose; null where there are not. */
  readonly threadsRefused: string | null;
  /** Register tile of the matrix product, rows × columns. */
  readonly tile: Tile;
  /** What the runtime has, used or not. */
  readonly features: Features;
  /** Bytes: in use now, most ever in use, size of linear memory, its upper bound. */
  readonly memory: {
    readonly used: number;
    readonly peak: number;
    readonly reserved: number;
    readonly maximum: number;
  };
}

/** What an engine is made of. */
export interface EngineParts {
  readonly kernels: WasmKernels;
  readonly heap: Heap;
  readonly tile: TileChoice;
  readonly build: Build;
  readonly relaxedRefused: string | null;
  readonly threads: number;
  readonly threadsRefused: string | null;
  readonly features: Features;
  /** The bound of memory that it was started with; the heap's may be lower. */
  readonly maximumMemory: number;
  /** What its threads did not start from, undefined being the package's own file; null where they did, or none were tried. */
  readonly failed: { readonly worker: WorkerSource | undefined } | null;
  /** Ends the workers; resolves when they are gone. */
  readonly end: () => Promise<void>;
}

/** Running kernels with their memory and threads. Several may run in one process; each graph is of one. */
export class Engine {
  private ended: Promise<void> | undefined;
  private whole = new Int32Array();

  /** @internal Engines come from `createEngine`. */
  constructor(private parts: EngineParts | null) {}

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.parts === null;
  }

  /** @internal What it is made of. Throws `EngineError` once it is closed. */
  get running(): EngineParts {
    if (this.parts === null) throw closed();
    return this.parts;
  }

  /** @internal Throws `EngineError` once it is closed. */
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
   * Ends the engine's threads and gives its memory back; resolves when the threads are gone. Graphs of it then throw
   * `EngineError`, and can still be disposed. Safe to call twice.
   */
  close(): Promise<void> {
    if (this.parts === null) return this.ended!;
    const { heap, end } = this.parts;
    this.parts = null;
    // Whoever still holds the engine or a graph of it holds no memory of it.
    heap.leave();
    this.whole = new Int32Array();
    return (this.ended = end());
  }

  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * @internal Copies host data into memory, `elements` of them and no more; integers keep their bits. Throws `ConfigError`
   * where the data are not as many.
   */
  write(pointer: Pointer, data: Float32Array | Int32Array | Uint32Array | Uint8Array, elements: number): void {
    if (isFloats(data)) return copyInto(this.window(pointer, elements), data, elements);
    if (isBytes(data)) return copyInto(new Uint8Array(this.heap.memory.buffer, pointer, elements), data, elements);
    // One by one: integers that are copied as floats would lose bits that are no number. Only ops have some, copies of their own.
    const [all, start] = [this.integers(), pointer >>> 2];
    for (let i = 0; i < elements; i++) all[start + i] = data[i]!;
  }

  /** All of memory; kept from one call to the next, since an array costs as much as a small kernel. Growth makes another. */
  private integers(): Int32Array {
    const { buffer } = this.heap.memory;
    if (this.whole.buffer !== buffer) this.whole = new Int32Array(buffer);
    return this.whole;
  }

  /** @internal A copy of memory; into `target`, where one is given. */
  read(pointer: Pointer, elements: number, target?: Float32Array): Float32Array {
    const window = this.window(pointer, elements);
    if (target === undefined) return window.slice();
    target.set(window);
    return target;
  }

  /** @internal A copy of bytes of memory; into `target`, where one is given. */
  readBytes(pointer: Pointer, length: number, target?: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(this.heap.memory.buffer, pointer, length);
    if (target === undefined) return bytes.slice();
    target.set(bytes);
    return target;
  }

  /** @internal Memory itself, which the next growth detaches: not to be kept. */
  window(pointer: Pointer, elements: number): Float32Array {
    return new Float32Array(this.heap.memory.buffer, pointer, elements);
  }

  /** @internal Whether an array is such a window. */
  shows(array: ArrayBufferView): boolean {
    return typedBuffer(array) === this.heap.memory.buffer;
  }
}

function closed(): EngineError {
  return new EngineError("the engine was closed; what it held is gone", { reason: "disposed" });
}

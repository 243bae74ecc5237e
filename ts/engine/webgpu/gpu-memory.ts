import { typedBuffer } from "../../arguments/typed-array.js";
import { MemoryError } from "../../errors/errors.js";
import type { LinearMemory } from "../platform-types.js";
import type { Pointer } from "../kernels.js";
import { type CommandStream, COPY_DST, COPY_SRC, MAP_READ, READ, STORAGE } from "./command-stream.js";
import type { GpuFailure } from "./failure.js";

const PAGE = 65_536;
/** Bytes at the start: small graphs then never grow. */
const FIRST = 4 * 1024 * 1024;

/**
 * Memory of an engine on a GPU: one storage buffer, whose byte offsets are the pointers. The heap sees a memory that grows in pages; the
 * buffer is replaced by a larger one when the pages no longer fit, with its contents copied on the GPU.
 */
export class GpuMemory implements LinearMemory {
  /** The heap reads only its length. Address 0, and the page that it is in, belong to nobody. */
  readonly buffer: ArrayBuffer;
  private pages = 1;
  private storage: GPUBuffer;
  /** Integers that were uploaded, by address: attention's plans are read on this side to choose a dispatch. */
  private readonly integers = new Map<Pointer, Int32Array>();
  /** Words of them. */
  private words = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly stream: CommandStream,
    private readonly failure: GpuFailure,
    /** Largest size of the buffer. */
    private readonly maximum: number,
  ) {
    const bytes = () => this.pages * PAGE;
    this.buffer = {
      get byteLength() {
        return bytes();
      },
    } as ArrayBuffer;
    this.storage = this.create(Math.min(FIRST, maximum));
    stream.bind(this.storage);
  }

  grow(pages: number): number {
    const before = this.pages;
    const needed = (before + pages) * PAGE;
    if (needed > this.storage.size) {
      // Doubled, since each replacement copies everything.
      const next = this.create(Math.min(this.maximum, Math.max(needed, 2 * this.storage.size)));
      const former = this.storage;
      this.stream.copy(former, 0, next, 0, before * PAGE);
      this.storage = next;
      this.stream.bind(next);
      former.destroy();
    }
    this.pages += pages;
    return before;
  }

  /** Copies host data to the GPU. Their number of bytes is a multiple of 4, or is padded with what follows: only whole words can be written. */
  write(pointer: Pointer, data: Float32Array | Int32Array | Uint32Array | Uint8Array): void {
    this.failure.assertNone();
    this.forget(pointer);
    if (data instanceof Int32Array) this.remember(pointer, data);
    if (data.byteLength === 0) return;
    this.stream.counts.bytesUploaded += data.byteLength;
    const whole = data.byteLength & ~3;
    const bytes = new Uint8Array(typedBuffer(data), data.byteOffset, data.byteLength);
    this.stream.upload(bytes.subarray(0, whole), this.storage, pointer);
    if (whole === data.byteLength) return;
    const last = new Uint8Array(4);
    last.set(bytes.subarray(whole));
    this.stream.upload(last, this.storage, pointer + whole);
  }

  /** A copy of memory as it is after all calls so far. */
  async read(pointer: Pointer, bytes: number): Promise<ArrayBuffer> {
    this.failure.assertNone();
    if (bytes === 0) return new ArrayBuffer(0);
    const size = (bytes + 3) & ~3;
    const copy = this.device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    try {
      this.stream.copy(this.storage, pointer, copy, 0, size);
      this.stream.counts.bytesRead += bytes;
      // Reads that are called together, such as those of all parameters, share a submission.
      await Promise.resolve();
      this.stream.flush();
      await this.failure.orFailed(() => copy.mapAsync(READ));
      await this.failure.settled();
      return copy.getMappedRange().slice(0, bytes);
    } finally {
      copy.destroy();
    }
  }

  /** Integers that were last uploaded to an address. */
  uploaded(pointer: Pointer): Int32Array {
    const words = this.integers.get(pointer);
    if (words !== undefined) return words;
    throw new MemoryError(`webgpu: attention in a graph with more than ${MOST_WORDS} indices; use smaller batches`, {
      op: "webgpu",
      maximum: MOST_WORDS,
    });
  }

  destroy(): void {
    this.storage.destroy();
  }

  private remember(pointer: Pointer, data: Int32Array): void {
    if (data.length > MOST_WORDS) return;
    this.integers.set(pointer, data.slice());
    this.words += data.length;
    for (const oldest of this.integers.keys()) {
      if (this.words <= MOST_WORDS) return;
      this.forget(oldest);
    }
  }

  private forget(pointer: Pointer): void {
    this.words -= this.integers.get(pointer)?.length ?? 0;
    this.integers.delete(pointer);
  }

  private create(size: number): GPUBuffer {
    this.failure.openScopes(this.device);
    const usage = STORAGE | COPY_SRC | COPY_DST;
    const buffer = this.device.createBuffer({ size, usage });
    this.failure.closeScopes(this.device);
    return buffer;
  }
}

/** Words that are remembered: plans of a step's layers, and ids among them. */
const MOST_WORDS = 2 ** 22;

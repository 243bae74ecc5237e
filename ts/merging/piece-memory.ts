import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import { encodeTensor, type FloatDtype } from "../io/safetensors/index.js";
import { type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";

/** The kernels' number of an element type. */
export const formatOf = (dtype: FloatDtype) => weightFormats.indexOf(dtype.toLowerCase() as WeightFormat);

/** A piece of a tensor in an engine's memory: as float32, and in the file's format. Dispose of it. */
export class PieceMemory {
  /** Its values, float32. */
  readonly values: Pointer;
  /** Its bytes in the file's format; for float32 those of the values. */
  private readonly stored: Pointer;
  private readonly format: number;
  private readonly blocks: Pointer[] = [];
  private length = 0;

  /** @param most maximum number of elements */
  constructor(
    readonly engine: Engine,
    private readonly dtype: FloatDtype,
    most: number,
  ) {
    this.format = formatOf(dtype);
    try {
      this.values = this.allocate(most);
      this.stored = dtype === "F32" ? this.values : this.allocate(most / 2);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Current number of elements. */
  get size(): number {
    return this.length;
  }

  /** Sets it from a file's bytes. */
  load(bytes: Uint8Array): void {
    const { kernels } = this.engine;
    this.length = bytes.byteLength / (this.dtype === "F32" ? 4 : 2);
    this.engine.write(this.stored, bytes, bytes.byteLength);
    if (this.dtype !== "F32") kernels.stored_decode(this.format, this.length, this.stored, this.values);
  }

  /** Sets its values. */
  set(values: Float32Array): void {
    this.length = values.length;
    this.put(values, 0);
  }

  /** Replaces some of its values, from element `at` on. */
  put(values: Float32Array, at: number): void {
    this.engine.write(this.values + 4 * at, values, values.length);
  }

  /** A copy of its values. */
  read(): Float32Array {
    return this.engine.read(this.values, this.length);
  }

  /** Encodes its values in the file's format, rounded once; `tensor` is a name for messages. Throws as `encodeTensor`. */
  store(bytes: Uint8Array, tensor: string): void {
    const { engine, dtype } = this;
    if (dtype !== "F32") {
      const tooLarge = engine.kernels.stored_encode(this.format, this.length, this.values, this.stored);
      // Its error names the value.
      if (tooLarge > 0) encodeTensor(this.read(), dtype, tensor);
    }
    engine.readBytes(this.stored, bytes.byteLength, bytes);
  }

  /** Memory for this many float32 values, freed together with the piece. */
  allocate(elements: number): Pointer {
    const pointer = this.engine.heap.allocate(4 * elements);
    this.blocks.push(pointer);
    return pointer;
  }

  /** Frees the memory. */
  dispose(): void {
    if (this.engine.closed) return;
    for (const block of this.blocks.splice(0)) this.engine.heap.release(block);
  }
}

import type { FrozenWeight, WeightFormat } from "../ops/product/frozen-weight.js";
import { weightFormats } from "../ops/product/frozen-weight.js";
import type { Pointer } from "../ops/op.js";
import type { GraphMemory } from "./memory.js";
import type { StoredMatrix } from "./stored-matrix.js";

/** A frozen weight in linear memory: as it is stored, in panels for the matrix product, or both. */
export class FrozenMatrix implements FrozenWeight {
  readonly inFeatures: number;
  readonly outFeatures: number;
  private readonly number: number;
  /** W and Wᵀ as the matrix product reads them; 0 where they were not packed. */
  private panels: Pointer = 0;
  private transposedPanels: Pointer = 0;

  private constructor(
    private readonly memory: GraphMemory,
    shape: readonly [number, number],
    readonly format: WeightFormat,
    /** Whether it is stored as Wᵀ. */
    private readonly transposed: 0 | 1,
    /** What is stored; 0 where the panels alone are kept. */
    private readonly pointer: Pointer,
    /** The node whose value this memory is: it owns it. */
    readonly isNodeValue: boolean,
    /** Whether it is a linear layer's rather than a table. */
    readonly forProduct: boolean,
  ) {
    [this.inFeatures, this.outFeatures] = shape;
    this.number = weightFormats.indexOf(format);
  }

  /** Over the value of a float32 constant. */
  static ofConstant(memory: GraphMemory, shape: readonly [number, number], pointer: Pointer): FrozenMatrix {
    return new FrozenMatrix(memory, shape, "f32", 0, pointer, true, true);
  }

  /**
   * In memory of its own. A float32 weight stored as a linear layer's is, `[out, in]`, is kept in panels alone: the product
   * reads nothing else, and they hold the same numbers.
   */
  static ofStored(
    memory: GraphMemory,
    { shape, format, transposed, bytes }: StoredMatrix,
    forProduct: boolean = transposed,
  ): FrozenMatrix {
    const length = bytes.reduce((sum, part) => sum + part.byteLength, 0);
    const write = (pointer: Pointer) => {
      let at = pointer;
      for (const part of bytes) {
        memory.engine.write(at, part);
        at += part.byteLength;
      }
    };
    const of = (pointer: Pointer) =>
      new FrozenMatrix(memory, shape, format, transposed ? 1 : 0, pointer, false, forProduct);
    if (format !== "f32" || !forProduct) {
      const pointer = memory.allocateOwned(length / 4);
      write(pointer);
      return of(pointer);
    }
    const weight = of(0);
    weight.panels = memory.allocateOwned(memory.engine.kernels.packed_len(shape[0], shape[1]));
    memory.withScratch(length / 4, (values) => {
      write(values);
      const [k, n] = shape;
      const [row, column] = transposed ? [1, k] : [n, 1];
      memory.engine.kernels.pack(k, n, values, row, column, weight.panels);
    });
    return weight;
  }

  times(rows: number, x: Pointer, bias: Pointer, y: Pointer): void {
    const { inFeatures: k, outFeatures: n, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (this.copies > 0) kernels.gemm_packed(rows, n, k, 1, x, k, 1, this.packed(), 0, y, n, bias);
    else kernels.gemm_stored(rows, n, k, 1, x, k, 1, number, pointer, transposed, 0, y, n, bias);
  }

  timesTransposed(rows: number, g: Pointer, accumulate: 0 | 1, y: Pointer): void {
    const { inFeatures: n, outFeatures: k, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (this.copies === 2) {
      kernels.gemm_packed(rows, n, k, 1, g, k, 1, this.packedTransposed(), accumulate, y, n, 0);
    } else if (this.copies === 1) {
      kernels.gemm_packed_transposed(rows, n, k, 1, g, k, 1, this.packed(), accumulate, y, n);
    } else {
      kernels.gemm_stored(rows, n, k, 1, g, k, 1, number, pointer, transposed ? 0 : 1, accumulate, y, n, 0);
    }
  }

  rows(index: Pointer, count: number, y: Pointer): void {
    const { inFeatures, outFeatures, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (pointer !== 0 && transposed === 0) return kernels.stored_rows(number, pointer, outFeatures, index, y, count);
    this.memory.withScratch(inFeatures * outFeatures, (table) => {
      this.columns(0, outFeatures, table);
      kernels.embedding_forward(table, index, y, count, outFeatures);
    });
  }

  columns(start: number, end: number, y: Pointer): void {
    const { inFeatures: k, outFeatures: n, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (pointer === 0) kernels.unpack(k, n, this.panels, start, end, y);
    else kernels.stored_columns(k, n, number, pointer, transposed, start, end, y);
  }

  /** As it is stored; panels alone as float32 `[in, out]`. */
  stored(): StoredMatrix {
    const { inFeatures, outFeatures, format, number, pointer, memory } = this;
    const shape = [inFeatures, outFeatures] as const;
    if (pointer === 0) {
      const bytes = memory.withScratch(inFeatures * outFeatures, (values) => {
        this.columns(0, outFeatures, values);
        return memory.engine.readBytes(values, 4 * inFeatures * outFeatures);
      });
      return { shape, format, transposed: false, bytes: [bytes] };
    }
    const [height, width] = this.transposed === 1 ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
    const length = height * memory.engine.kernels.stored_bytes(number, width);
    return { shape, format, transposed: this.transposed === 1, bytes: [memory.engine.readBytes(pointer, length)] };
  }

  /** Forgets packed copies, of a constant whose value changes. */
  forgetPanels(): void {
    for (const panels of [this.panels, this.transposedPanels]) if (panels !== 0) this.memory.releaseOwned(panels);
    this.panels = this.transposedPanels = 0;
  }

  /** Frees what it owns. */
  release(): void {
    this.forgetPanels();
    if (!this.isNodeValue && this.pointer !== 0) this.memory.releaseOwned(this.pointer);
  }

  /** Blocks that are its own. */
  get owned(): readonly Pointer[] {
    const stored = this.isNodeValue ? 0 : this.pointer;
    return [stored, this.panels, this.transposedPanels].filter((pointer) => pointer !== 0);
  }

  /** Packed copies that are kept: by default both of a float32 weight, none of one in fewer bits. */
  private get copies(): 0 | 1 | 2 {
    const { packedCopies = this.format === "f32" ? 2 : 0 } = this.memory;
    return packedCopies === 0 && this.format === "f32" ? 1 : packedCopies;
  }

  private packed(): Pointer {
    if (this.panels !== 0) return this.panels;
    const panels = this.memory.allocateOwned(this.memory.engine.kernels.packed_len(this.inFeatures, this.outFeatures));
    this.memory.attempt.onRollback(() => (this.panels = 0));
    this.packInto(panels, false);
    return (this.panels = panels);
  }

  private packedTransposed(): Pointer {
    if (this.transposedPanels !== 0) return this.transposedPanels;
    const panels = this.memory.allocateOwned(this.memory.engine.kernels.packed_len(this.outFeatures, this.inFeatures));
    this.memory.attempt.onRollback(() => (this.transposedPanels = 0));
    this.packInto(panels, true);
    return (this.transposedPanels = panels);
  }

  private packInto(panels: Pointer, asTransposed: boolean): void {
    const { inFeatures, outFeatures, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    const [k, n] = asTransposed ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
    if (pointer !== 0)
      return kernels.pack_stored(k, n, number, pointer, asTransposed === (transposed === 1) ? 0 : 1, panels);
    // Of panels alone: in between as float32.
    this.memory.withScratch(k * n, (values) => {
      this.columns(0, outFeatures, values);
      kernels.pack(k, n, values, 1, outFeatures, panels);
    });
  }
}

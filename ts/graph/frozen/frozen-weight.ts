import type { FrozenWeight, WeightFormat } from "../../ops/product/frozen-weight.js";
import { groupLength, keptNumber, packedLength } from "../../ops/product/frozen-weight.js";
import type { Pointer } from "../../ops/op.js";
import type { GraphMemory } from "../memory.js";

/** A frozen weight in linear memory: as stored, in panels for the matrix product, or both. */
export class FrozenMatrix implements FrozenWeight {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** The kernels' number of the format. */
  readonly number: number;
  /** W and Wᵀ in panels; 0 if not packed. */
  protected readonly panels: [Pointer, Pointer] = [0, 0];

  protected constructor(
    readonly memory: GraphMemory,
    shape: readonly [number, number],
    readonly format: WeightFormat,
    /** Whether it is stored as Wᵀ. */
    readonly transposed: 0 | 1,
    /** The stored bytes; 0 if only panels are kept. */
    readonly pointer: Pointer,
    /** The node that owns this memory. */
    readonly isNodeValue: boolean,
    /** Whether it is a linear layer's weight rather than a table. */
    readonly forProduct: boolean,
    /** Whether it lives long enough for packed copies to be useful. */
    private readonly lasts = true,
  ) {
    [this.inFeatures, this.outFeatures] = shape;
    this.number = keptNumber(format);
  }

  /** A view of a float32 constant. */
  static ofConstant(memory: GraphMemory, shape: readonly [number, number], pointer: Pointer): FrozenMatrix {
    return new FrozenMatrix(memory, shape, "f32", 0, pointer, true, true);
  }

  /** A view of a value that changes or ends with its step: it is read in place, with the bits of packed copies. */
  static inPlace(memory: GraphMemory, shape: readonly [number, number], pointer: Pointer): FrozenMatrix {
    return new FrozenMatrix(memory, shape, "f32", 0, pointer, true, true, false);
  }

  /** A float32 copy with these values in its place; only for weights with their own memory. */
  withValues?(values: Float32Array): FrozenMatrix;

  times(rows: number, x: Pointer, bias: Pointer, y: Pointer): void {
    const { inFeatures: k, outFeatures: n, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (this.rounds(1, rows)) this.rounded(rows, x, bias, y);
    else if (this.copies > 0) kernels.gemm_packed(rows, n, k, 1, x, k, 1, this.packed(0), 0, y, n, bias);
    else kernels.gemm_stored(rows, n, k, 1, x, k, 1, number, pointer, transposed, 0, y, n, bias);
  }

  timesTransposed(rows: number, g: Pointer, accumulate: 0 | 1, y: Pointer): void {
    const { inFeatures: n, outFeatures: k, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (accumulate === 0 && this.rounds(0, rows)) {
      this.rounded(rows, g, 0, y);
    } else if (this.copies === 2) {
      kernels.gemm_packed(rows, n, k, 1, g, k, 1, this.packed(1), accumulate, y, n, 0);
    } else if (this.copies === 1) {
      kernels.gemm_packed_transposed(rows, n, k, 1, g, k, 1, this.packed(0), accumulate, y, n);
    } else {
      kernels.gemm_stored(rows, n, k, 1, g, k, 1, number, pointer, transposed ? 0 : 1, accumulate, y, n, 0);
    }
  }

  /** Whether products with the stored rows (W's if `transposed` is 0) currently round x. */
  private rounds(transposed: 0 | 1, rows: number): boolean {
    const { memory } = this;
    const mayRound = memory.rounding && this.transposed === transposed && this.canRound;
    return mayRound && memory.engine.roundingPays(rows);
  }

  /** Whether `rounded` is available. */
  get canRound(): boolean {
    return groupLength(this.format) > 1 && this.pointer !== 0;
  }

  /** y ← x·Sᵀ + bias for the stored rows S, with x rounded. */
  rounded(rows: number, x: Pointer, bias: Pointer, y: Pointer): void {
    const { number, pointer, memory, transposed } = this;
    const [k, n] = transposed ? [this.inFeatures, this.outFeatures] : [this.outFeatures, this.inFeatures];
    const { kernels } = memory.engine;
    memory.withScratch(Math.ceil((rows * kernels.rounded_bytes(k)) / 4), (scratch) => {
      kernels.round_rows(x, k, rows, number, scratch);
      kernels.gemm_rounded(rows, n, k, scratch, number, pointer, bias, y);
    });
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
    if (pointer === 0) kernels.unpack(k, n, this.panels[0], start, end, y);
    else kernels.stored_columns(k, n, number, pointer, transposed, start, end, y);
  }

  /** Drops packed copies when a constant's value changes. */
  forgetPanels(): void {
    for (const panels of this.panels) if (panels !== 0) this.memory.releaseOwned(panels);
    this.panels.fill(0);
  }

  /** Frees its memory. */
  release(): void {
    this.forgetPanels();
    if (!this.isNodeValue && this.pointer !== 0) this.memory.releaseOwned(this.pointer);
  }

  /** The blocks that it owns. */
  get owned(): readonly Pointer[] {
    const stored = this.isNodeValue ? 0 : this.pointer;
    return [stored, ...this.panels].filter((pointer) => pointer !== 0);
  }

  /** Number of packed copies: by default both of a float32 weight, none of other formats. */
  private get copies(): 0 | 1 | 2 {
    if (!this.lasts) return 0;
    const { packedCopies = this.format === "f32" ? 2 : 0 } = this.memory;
    return packedCopies === 0 && this.format === "f32" ? 1 : packedCopies;
  }

  /** The packed copy of W, or of Wᵀ; made on first use. */
  private packed(asTransposed: 0 | 1): Pointer {
    const { inFeatures, outFeatures, number, pointer, transposed, panels, memory } = this;
    if (panels[asTransposed] !== 0) return panels[asTransposed];
    const { kernels } = memory.engine;
    const [k, n] = asTransposed === 1 ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
    const made = memory.allocateOwned(packedLength(kernels, k, n));
    memory.attempt.onRollback(() => (panels[asTransposed] = 0));
    if (pointer !== 0) kernels.pack_stored(k, n, number, pointer, asTransposed === transposed ? 0 : 1, made);
    // From the other panels, by way of float32.
    else {
      memory.withScratch(k * n, (values) => {
        this.columns(0, outFeatures, values);
        kernels.pack(k, n, values, 1, outFeatures, made);
      });
    }
    return (panels[asTransposed] = made);
  }
}

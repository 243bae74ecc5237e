import type { FrozenWeight, WeightFormat } from "../../ops/product/frozen-weight.js";
import { groupLength, keptNumber, packedLength } from "../../ops/product/frozen-weight.js";
import type { Pointer } from "../../ops/op.js";
import type { GraphMemory } from "../memory.js";

/** A frozen weight in linear memory: as it is stored, in panels for the matrix product, or both. */
export class FrozenMatrix implements FrozenWeight {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** The kernels' number of the format as it is kept. */
  readonly number: number;
  /** W and Wᵀ as the matrix product reads them; 0 where they were not packed. */
  protected readonly panels: [Pointer, Pointer] = [0, 0];

  protected constructor(
    readonly memory: GraphMemory,
    shape: readonly [number, number],
    readonly format: WeightFormat,
    /** Whether it is stored as Wᵀ. */
    readonly transposed: 0 | 1,
    /** What is stored; 0 where the panels alone are kept. */
    readonly pointer: Pointer,
    /** The node whose value this memory is: it owns it. */
    readonly isNodeValue: boolean,
    /** Whether it is a linear layer's rather than a table. */
    readonly forProduct: boolean,
    /** Whether it is kept as long as a product may ask for packed copies. */
    private readonly lasts = true,
  ) {
    [this.inFeatures, this.outFeatures] = shape;
    this.number = keptNumber(format);
  }

  /** Over the value of a float32 constant. */
  static ofConstant(memory: GraphMemory, shape: readonly [number, number], pointer: Pointer): FrozenMatrix {
    return new FrozenMatrix(memory, shape, "f32", 0, pointer, true, true);
  }

  /** Over a value that changes or goes with its step: read where it lies, to the bits that packed copies give. */
  static inPlace(memory: GraphMemory, shape: readonly [number, number], pointer: Pointer): FrozenMatrix {
    return new FrozenMatrix(memory, shape, "f32", 0, pointer, true, true, false);
  }

  /** One of these values, as float32, in its place; only what has memory of its own can be replaced. */
  withValues?(values: Float32Array): FrozenMatrix;

  times(rows: number, x: Pointer, bias: Pointer, y: Pointer): void {
    const { inFeatures: k, outFeatures: n, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (this.rounds(1)) this.rounded(rows, x, bias, y);
    else if (this.copies > 0) kernels.gemm_packed(rows, n, k, 1, x, k, 1, this.packed(0), 0, y, n, bias);
    else kernels.gemm_stored(rows, n, k, 1, x, k, 1, number, pointer, transposed, 0, y, n, bias);
  }

  timesTransposed(rows: number, g: Pointer, accumulate: 0 | 1, y: Pointer): void {
    const { inFeatures: n, outFeatures: k, number, pointer, transposed } = this;
    const { kernels } = this.memory.engine;
    if (accumulate === 0 && this.rounds(0)) {
      this.rounded(rows, g, 0, y);
    } else if (this.copies === 2) {
      kernels.gemm_packed(rows, n, k, 1, g, k, 1, this.packed(1), accumulate, y, n, 0);
    } else if (this.copies === 1) {
      kernels.gemm_packed_transposed(rows, n, k, 1, g, k, 1, this.packed(0), accumulate, y, n);
    } else {
      kernels.gemm_stored(rows, n, k, 1, g, k, 1, number, pointer, transposed ? 0 : 1, accumulate, y, n, 0);
    }
  }

  /** Whether products by the rows that are stored, which are W's where `transposed` is 0, are with x rounded now. */
  private rounds(transposed: 0 | 1): boolean {
    return this.memory.rounding && this.transposed === transposed && this.canRound;
  }

  /** Whether `rounded` can be. */
  get canRound(): boolean {
    return groupLength(this.format) > 1 && this.pointer !== 0;
  }

  /** y ← x·Sᵀ + bias of the rows S that are stored, with x rounded. */
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

  /** Forgets packed copies, of a constant whose value changes. */
  forgetPanels(): void {
    for (const panels of this.panels) if (panels !== 0) this.memory.releaseOwned(panels);
    this.panels.fill(0);
  }

  /** Frees what it owns. */
  release(): void {
    this.forgetPanels();
    if (!this.isNodeValue && this.pointer !== 0) this.memory.releaseOwned(this.pointer);
  }

  /** Blocks that are its own. */
  get owned(): readonly Pointer[] {
    const stored = this.isNodeValue ? 0 : this.pointer;
    return [stored, ...this.panels].filter((pointer) => pointer !== 0);
  }

  /** Packed copies that are kept: by default both of a float32 weight, none of one in fewer bits. */
  private get copies(): 0 | 1 | 2 {
    if (!this.lasts) return 0;
    const { packedCopies = this.format === "f32" ? 2 : 0 } = this.memory;
    return packedCopies === 0 && this.format === "f32" ? 1 : packedCopies;
  }

  /** The packed copy of W, or of Wᵀ, made where there is none. */
  private packed(asTransposed: 0 | 1): Pointer {
    const { inFeatures, outFeatures, number, pointer, transposed, panels, memory } = this;
    if (panels[asTransposed] !== 0) return panels[asTransposed];
    const { kernels } = memory.engine;
    const [k, n] = asTransposed === 1 ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
    const made = memory.allocateOwned(packedLength(kernels, k, n));
    memory.attempt.onRollback(() => (panels[asTransposed] = 0));
    if (pointer !== 0) kernels.pack_stored(k, n, number, pointer, asTransposed === transposed ? 0 : 1, made);
    // Of panels alone: in between as float32.
    else {
      memory.withScratch(k * n, (values) => {
        this.columns(0, outFeatures, values);
        kernels.pack(k, n, values, 1, outFeatures, made);
      });
    }
    return (panels[asTransposed] = made);
  }
}

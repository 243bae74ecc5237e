import type { FrozenKernels, LoraKernels, PackedKernels, Pointer, ProductKernels } from "../../kernels.js";
import { LORA_FORWARD } from "../../struct.js";
import type { CommandStream } from "../command-stream.js";
import type { GpuMemory } from "../gpu-memory.js";
import type { RightOperand } from "../programs/product.js";
import { columnsProgram, formatOf, rowBytes, rowsProgram, storedOperand } from "../programs/stored.js";
import { DeferredProduct, type LowRankUpdate, type Written } from "./deferred-product.js";
import { memoryKernels } from "./memory.js";

type Gemm = ProductKernels["gemm"];

/** What reads stored weights; those that quantise or round are left out. */
type Stored = Pick<
  FrozenKernels,
  "stored_bytes" | "gemm_stored" | "pack_stored" | "unpack" | "stored_columns" | "stored_rows" | "interleave_rows"
>;

export function productKernels(
  stream: CommandStream,
  memory: GpuMemory,
): ProductKernels & PackedKernels & LoraKernels & Stored {
  const deferred = new DeferredProduct(stream);
  /** One product: `operand` is how B is stored, and `key` names it. */
  const product = (key: string, operand: RightOperand | undefined, m: number, n: number, rest: readonly number[]) =>
    deferred.defer({ key, operand, m, n, rest });
  const gemm: Gemm = (m, n, k, alpha, a, aRow, aCol, b, bRow, bCol, beta, c, cRow, bias) =>
    product("", undefined, m, n, [k, alpha, a, aRow, aCol, b, bRow, bCol, beta, c, cRow, bias]);
  /** y ← y + factor·u·B after `ahead`, which gives u: as part of the product that wrote y, if that is the last call. */
  const update = (low: LowRankUpdate, ahead: () => void, written: readonly Written[] = []) => {
    if (deferred.accepts(low, written)) return deferred.add(low, ahead);
    ahead();
    const { t, width, rank, factor, u, b, bRow, bCol, y, yRow } = low;
    gemm(t, width, rank, factor, u, rank, 1, b, bRow, bCol, 1, y, yRow, 0);
  };
  const lora: LoraKernels["lora_forward"] = (t, inFeatures, outFeatures, rank, scaling, x, xRow, a, b, u, y, yRow) =>
    update({ t, width: outFeatures, rank, factor: scaling, u, b, bRow: outFeatures, bCol: 1, y, yRow }, () =>
      gemm(t, rank, inFeatures, 1, x, xRow, 1, a, rank, 1, 0, u, rank, 0),
    );
  const { copy_strided } = memoryKernels(stream);
  const columns: Stored["stored_columns"] = (k, n, format, data, transposed, start, end, to) => {
    const width = transposed === 0 ? n : k;
    stream.elements(columnsProgram(format), k * (end - start), data, width, transposed, start, end - start, to);
  };
  return {
    gemm,

    // A packed weight is its plain matrix: shared memory does what the order of panels does for a CPU's cache.
    packed_len: (k, n) => k * n,
    pack: (k, n, b, bRow, bCol, packed) => copy_strided(b, packed, 1, 1, k, n, 0, 0, bRow, bCol, 0, 0, n, 1, 1, 0),
    gemm_packed: (m, n, k, alpha, a, aRow, aCol, packed, beta, c, cRow, bias) =>
      gemm(m, n, k, alpha, a, aRow, aCol, packed, n, 1, beta, c, cRow, bias),
    gemm_packed_transposed: (m, n, k, alpha, a, aRow, aCol, packed, beta, c, cRow) =>
      gemm(m, n, k, alpha, a, aRow, aCol, packed, 1, k, beta, c, cRow, 0),

    stored_bytes: rowBytes,
    // Rows of groups stay apart on a GPU.
    interleave_rows: () => undefined,
    gemm_stored: (m, n, k, alpha, a, aRow, aCol, format, data, transposed, beta, c, cRow, bias) => {
      const width = transposed === 0 ? n : k;
      const values = [k, alpha, a, aRow, aCol, data, width, transposed, beta, c, cRow, bias];
      product(`stored ${formatOf(format)}`, storedOperand(format), m, n, values);
    },
    pack_stored: (k, n, format, data, transposed, packed) => columns(k, n, format, data, transposed, 0, n, packed),
    stored_columns: columns,
    stored_rows: (format, data, width, index, y, n) =>
      stream.elements(rowsProgram(format), n * width, data, width, index, y),
    unpack: (k, n, packed, start, end, to) =>
      copy_strided(packed + 4 * start, to, 1, 1, k, end - start, 0, 0, n, 1, 0, 0, end - start, 1, 1, 0),

    lora_forward: lora,
    lora_forward_each: (count, table) => {
      const words = memory.uploaded(table);
      const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
      for (let at = 0; at < LORA_FORWARD * count; at += LORA_FORWARD) {
        const of = (i: number): Pointer => words[at + i]! >>> 0;
        lora(of(0), of(1), of(2), of(3), floats[at + 4]!, of(5), of(6), of(7), of(8), of(9), of(10), of(11));
      }
    },
    lora_scratch_len: (t, _in, _out, rank) => t * rank,
    lora_backward: (
      t,
      inFeatures,
      outFeatures,
      rank,
      scaling,
      x,
      xRow,
      u,
      g,
      gRow,
      a,
      b,
      gradA,
      accumulateA,
      gradB,
      accumulateB,
      gradX,
      gradXRow,
      scratch,
    ) => {
      const gradients = () => {
        if (gradA !== 0 || gradX !== 0)
          gemm(t, rank, outFeatures, scaling, g, gRow, 1, b, 1, outFeatures, 0, scratch, rank, 0);
        if (gradA !== 0) gemm(inFeatures, rank, t, 1, x, 1, xRow, scratch, rank, 1, accumulateA, gradA, rank, 0);
        // After that of A, to which it is added where both are one variable.
        if (gradB !== 0)
          gemm(rank, outFeatures, t, scaling, u, 1, rank, g, gRow, 1, accumulateB, gradB, outFeatures, 0);
      };
      if (gradX === 0) return gradients();
      const low = {
        t,
        width: inFeatures,
        rank,
        factor: 1,
        u: scratch,
        b: a,
        bRow: 1,
        bCol: rank,
        y: gradX,
        yRow: gradXRow,
      };
      update(low, gradients, [
        [gradA, inFeatures * rank],
        [gradB, rank * outFeatures],
      ]);
    },
  };
}

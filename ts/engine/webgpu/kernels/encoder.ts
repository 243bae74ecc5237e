import type {
  EmbeddingKernels,
  LayerNormKernels,
  LayoutKernels,
  NormalizeKernels,
  PoolingKernels,
  RotaryKernels,
  SoftmaxKernels,
} from "../../kernels.js";
import type { CommandStream } from "../command-stream.js";
import * as lookup from "../programs/lookup.js";
import { fill } from "../programs/memory.js";
import * as norms from "../programs/normalisation.js";

type Selecting = Pick<LayoutKernels, "index_select" | "index_add" | "gather" | "scatter_add">;

/** Norms, softmax, rotary embeddings, tables and pooling. */
export function encoderKernels(
  stream: CommandStream,
): LayerNormKernels &
  NormalizeKernels &
  SoftmaxKernels &
  RotaryKernels &
  EmbeddingKernels &
  PoolingKernels &
  Selecting {
  const softmax =
    (logarithm: 0 | 1): SoftmaxKernels["softmax_forward"] =>
    (x, y, outer, length, inner) =>
      stream.rows(norms.softmaxForward, outer * inner, x, y, length, inner, logarithm);
  const softmaxGradient =
    (logarithm: 0 | 1): SoftmaxKernels["softmax_gradient"] =>
    (g, y, dx, outer, length, inner, accumulate) =>
      stream.rows(norms.softmaxGradient, outer * inner, g, y, dx, length, inner, logarithm, accumulate);
  const normGradient: LayerNormKernels["layer_norm_gradient"] = (
    g, x, weight, mean, rstd, dx, dw, db, rows, columns, accumulateX, accumulateW, accumulateB,
  ) => {
    if (dx !== 0) stream.rows(norms.normInputGradient, rows, g, x, weight, mean, rstd, dx, columns, accumulateX);
    if (dw === 0 && db === 0) return;
    const values = [rows, g, x, mean, rstd, dw, db, columns, accumulateW, accumulateB];
    stream.run(norms.normWeightGradient, Math.ceil(columns / norms.NORM_COLUMNS), 1, values);
  }; // prettier-ignore
  return {
    layer_norm_forward: (x, weight, bias, y, mean, rstd, rows, columns, epsilon) =>
      stream.rows(norms.normForward, rows, x, weight, bias, y, mean, rstd, columns, epsilon),
    layer_norm_gradient: normGradient,
    rms_norm_forward: (x, weight, y, rstd, rows, columns, epsilon) =>
      stream.rows(norms.normForward, rows, x, weight, 0, y, 0, rstd, columns, epsilon),
    rms_norm_gradient: (g, x, weight, rstd, dx, dw, rows, columns, accumulateX, accumulateW) =>
      normGradient(g, x, weight, 0, rstd, dx, dw, 0, rows, columns, accumulateX, accumulateW, 0),
    normalize_forward: (x, y, divisors, rows, columns, epsilon) =>
      stream.rows(norms.normalizeForward, rows, x, y, divisors, columns, epsilon),
    normalize_gradient: (g, y, divisors, dx, rows, columns, accumulate) =>
      stream.rows(norms.normalizeGradient, rows, g, y, divisors, dx, columns, accumulate),
    softmax_forward: softmax(0),
    softmax_gradient: softmaxGradient(0),
    log_softmax_forward: softmax(1),
    log_softmax_gradient: softmaxGradient(1),
    rotary: (x, cos, sin, y, rows, columns, heads, headDim, pairs, interleaved, back, accumulate) =>
      stream.elements(
        norms.rotary,
        rows * columns,
        x,
        cos,
        sin,
        y,
        columns,
        heads,
        headDim,
        pairs,
        interleaved,
        back,
        accumulate,
      ),
    embedding_forward: (table, index, y, n, columns) =>
      stream.elements(lookup.embeddingForward, n * columns, table, index, y, columns),
    embedding_gradient: (g, index, table, vocabulary, columns, n, padding, accumulate) => {
      if (accumulate === 0) stream.elements(fill, vocabulary * columns, 0, table);
      stream.elements(lookup.embeddingGradient, columns, g, index, table, n, padding);
    },
    mean_pool_forward: (x, offsets, y, sequences, columns) =>
      stream.elements(lookup.meanPoolForward, sequences * columns, x, offsets, y, columns),
    mean_pool_gradient: (g, offsets, dx, sequences, columns, accumulate) =>
      stream.elements(lookup.meanPoolGradient, sequences * columns, g, offsets, dx, columns, accumulate),
    index_select: (x, index, y, outer, axis, count, inner) =>
      stream.elements(lookup.indexSelect, outer * count * inner, x, index, y, axis, count, inner),
    index_add: (x, index, y, outer, axis, count, inner) =>
      stream.elements(lookup.indexAdd, outer * inner, x, index, y, axis, count, inner),
    gather: (x, index, y, outer, axis, count, inner) =>
      stream.elements(lookup.gather, outer * count * inner, x, index, y, axis, count, inner),
    scatter_add: (x, index, y, outer, axis, count, inner) =>
      stream.elements(lookup.scatterAdd, outer * inner, x, index, y, axis, count, inner),
  };
}

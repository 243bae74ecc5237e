import { formatNumber, storedLength, type WeightFormat } from "../../ops/product/frozen-weight.js";
import { withScratch } from "../../engine/memory/scratch.js";
import type { GraphMemory } from "../memory.js";

/** Formats with groups. */
export type GroupFormat = Extract<WeightFormat, "q8" | "q4">;

/** Whether a format has groups. */
export const isGroupFormat = (format: WeightFormat): format is GroupFormat => format === "q8" || format === "q4";

/** The largest magnitude that a format with groups can store: that of binary16, for the scale or the minimum. */
export const largestIn = { q8: 127 * 65504, q4: 65504 } as const satisfies Record<GroupFormat, number>;

/** Size in bytes of the buffer in linear memory. */
const PIECE = 1 << 20;

/**
 * Quantises rows of `width` float32 values in groups of 32, each with the scale of the least squared error. A group with NaN or infinity
 * becomes NaN. The caller refuses magnitudes above `largestIn`.
 */
export function quantizeRows(graph: GraphMemory, values: Float32Array, width: number, format: GroupFormat): Uint8Array {
  const engine = graph.engine.atOnce;
  const { kernels, heap } = engine;
  const row = storedLength(kernels, format, 1, width);
  const rows = width === 0 ? 0 : values.length / width;
  const result = new Uint8Array(rows * row);
  const most = Math.min(rows, Math.max(1, Math.floor(PIECE / (4 * width))));
  withScratch(heap, most * width, (from) =>
    withScratch(heap, Math.ceil((most * row) / 4), (to) => {
      for (let start = 0; start < rows; start += most) {
        const count = Math.min(most, rows - start);
        engine.write(from, values.subarray(start * width, (start + count) * width), count * width);
        kernels.quantize_rows(formatNumber("f32"), from, width, count, formatNumber(format), to);
        result.set(engine.readBytes(to, count * row), start * row);
      }
    }),
  );
  return result;
}

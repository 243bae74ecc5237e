import { formatNumber, storedLength, type WeightFormat } from "../../ops/product/frozen-weight.js";
import type { GraphMemory } from "../memory.js";

/** Formats in groups. */
export type GroupFormat = Extract<WeightFormat, "q8" | "q4">;

/** Whether a format is in groups. */
export const isGroupFormat = (format: WeightFormat): format is GroupFormat => format === "q8" || format === "q4";

/** The largest magnitude that a format in groups can hold: binary16's, for the scale or the minimum. */
export const largestIn = { q8: 127 * 65504, q4: 65504 } as const satisfies Record<GroupFormat, number>;

/** Bytes of linear memory that values pass through. */
const PIECE = 1 << 20;

/**
 * Rows of `width` float32 values in groups of 32, each rounded with the scale that leaves the least sum of squared errors. A
 * group with a NaN or an infinity becomes NaN; magnitudes beyond `largestIn` are for the caller to refuse.
 */
export function quantizeRows(graph: GraphMemory, values: Float32Array, width: number, format: GroupFormat): Uint8Array {
  const { engine } = graph;
  const { kernels } = engine;
  const row = storedLength(kernels, format, 1, width);
  const rows = width === 0 ? 0 : values.length / width;
  const result = new Uint8Array(rows * row);
  const most = Math.min(rows, Math.max(1, Math.floor(PIECE / (4 * width))));
  graph.withScratch(most * width, (from) =>
    graph.withScratch(Math.ceil((most * row) / 4), (to) => {
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

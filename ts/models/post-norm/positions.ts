import type { RaggedBatch } from "../ragged-batch.js";
import type { EncoderConfig } from "./config.js";

/**
 * Rows of the position embeddings. Where a padding token takes no position, one that stands in a text has the row of its own
 * number, and those after it count on without it.
 */
export function positionRows(
  { ids, positions, offsets }: RaggedBatch,
  { firstPosition, paddingIndex }: Pick<EncoderConfig, "firstPosition" | "paddingIndex">,
): Int32Array {
  if (firstPosition === 0 && paddingIndex === null) return positions;
  const rows = positions.map((position) => firstPosition + position);
  if (paddingIndex === null || !ids.includes(paddingIndex)) return rows;
  for (let text = 0; text + 1 < offsets.length; text++) {
    let skipped = 0;
    for (let t = offsets[text]!; t < offsets[text + 1]!; t++) {
      if (ids[t] === paddingIndex) skipped++;
      rows[t] = ids[t] === paddingIndex ? paddingIndex : rows[t]! - skipped;
    }
  }
  return rows;
}

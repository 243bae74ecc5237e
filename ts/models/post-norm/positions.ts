import { ModelError } from "../../errors/errors.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { EncoderConfig } from "./config.js";

/** Positions that begin after the padding token's own row. Throws `ModelError` where that leaves none for a text. */
export function afterPadding(config: EncoderConfig, paddingIndex: number): EncoderConfig {
  const firstPosition = paddingIndex + 1;
  const maxPositions = config.maxPositions - firstPosition;
  if (maxPositions >= 2) return { ...config, firstPosition, maxPositions, paddingIndex };
  throw new ModelError(
    `config.json: max_position_embeddings ${config.maxPositions} leaves no two positions after pad_token_id ${paddingIndex}`,
    { key: "max_position_embeddings", value: config.maxPositions },
  );
}

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

import { blockData } from "../data.mjs";
import { blockGradientError, blockLoss64 } from "../reference/block.mjs";
import { blockShape } from "../shapes.mjs";

const TOLERANCE = 1e-3;

/** A training step of the encoder block. */
export function blockCase() {
  const data = blockData();
  const { rows, hidden, heads, intermediate, rank } = blockShape;
  return {
    name: "encoder block",
    shape: `T${rows} d${hidden} h${heads} f${intermediate} r${rank}`,
    flops: null,
    tolerance: TOLERANCE,
    open: (contestant) => contestant.block(blockShape, data),
    async error(entry) {
      const { loss, gradX, gradA } = await entry.first();
      const expected = blockLoss64(blockShape, data);
      return Math.max(Math.abs(loss - expected) / expected, blockGradientError(blockShape, data, gradX, gradA));
    },
  };
}

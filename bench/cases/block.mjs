import { blockData } from "../data.mjs";
import { blockGradientError, blockLoss64 } from "../reference/block.mjs";
import { blockShape } from "../shapes.mjs";

const allowed = { loss: 1e-5, gradient: 1e-4 };

/** A training step of the encoder block. */
export function blockCase() {
  const data = blockData();
  const { rows, hidden, heads, intermediate, rank } = blockShape;
  return {
    name: "encoder block",
    shape: `T${rows} d${hidden} h${heads} f${intermediate} r${rank}`,
    flops: null,
    open: (contestant) => contestant.block(blockShape, data),
    async check(entry) {
      const { loss, gradX, gradA } = await entry.first();
      const expected = blockLoss64(blockShape, data);
      return [
        { error: Math.abs(loss - expected) / expected, allowed: allowed.loss },
        { error: blockGradientError(blockShape, data, gradX, gradA), allowed: allowed.gradient },
      ];
    },
  };
}

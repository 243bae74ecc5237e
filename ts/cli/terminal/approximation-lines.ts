import type { Approximation } from "../../merging/extract.js";
import { formatCount, formatPercent } from "./number-format.js";
import { clip, tableLines } from "./table.js";

/** The adapter in `out` by layer, with its approximation errors. */
export function approximationLines({ layers, error, left }: Approximation, out: string, json: boolean): string[] {
  if (json) return [JSON.stringify({ out, error, layers, left })];
  const rows = layers.map(({ module, rank, error: own }) => [module, String(rank), formatPercent(own)]);
  return [
    ...tableLines([["layer", "rank", "missed"], ...rows], ["left", "right", "right"]),
    ...(left.length === 0
      ? []
      : [
          `changed, but not representable as a low-rank update: ${clip(left.join(", "), 300)} (${formatCount(left.length)} tensors)`,
        ]),
    `${formatCount(layers.length)} layers, written to ${out}: ${formatPercent(error)} of the change is missed (Frobenius norm)`,
  ];
}

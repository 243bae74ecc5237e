import type { Approximation } from "../../merging/extract.js";
import { formatCount, formatPercent } from "./number-format.js";
import { clip, tableLines } from "./table.js";

/** What was written to `out`, layer by layer, and how far it is from what it stands for. */
export function approximationLines({ layers, error, left }: Approximation, out: string, json: boolean): string[] {
  if (json) return [JSON.stringify({ out, error, layers, left })];
  const rows = layers.map(({ module, rank, error: own }) => [module, String(rank), formatPercent(own)]);
  return [
    ...tableLines([["layer", "rank", "missed"], ...rows], ["left", "right", "right"]),
    ...(left.length === 0
      ? []
      : [
          `changed, but no low-rank update can hold: ${clip(left.join(", "), 300)} (${formatCount(left.length)} tensors)`,
        ]),
    `${formatCount(layers.length)} layers, written to ${out}: ${formatPercent(error)} of the change is missed (Frobenius norm)`,
  ];
}

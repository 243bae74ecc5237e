import { type Engine, Graph, normal } from "../../../ts/index.js";
import { frozenMatrix } from "../../../ts/graph/frozen/stored-weight.js";
import { storedMatrix } from "../../properties/programs/stored.js";

/** Rows, inner sizes and widths: few rows, whole tiles and parts of them, groups that are not whole, and no whole fours. */
const SIZES = [
  [8, 320, 64],
  [9, 320, 64],
  [33, 36, 17],
  [40, 67, 37],
  [67, 320, 130],
] as const;
/** Sizes of numbers: ordinary ones, and those that 16 bits do not have. */
const SCALES = [1, 1e30, 1e-36];

/** What rounding did to a product, for each of them: the largest difference as a share of Σ |x|·|w| of the element. */
export async function roundedProducts(engine: Engine, isShort: boolean): Promise<Record<string, number>> {
  const shares: Record<string, number> = {};
  for (const format of isShort ? (["q8"] as const) : (["q8", "q4"] as const))
    for (const [rows, k, n] of isShort ? SIZES.slice(0, 2) : SIZES)
      for (const scale of isShort ? [1] : SCALES) {
        using graph = new Graph({ engine, seed: rows });
        const data = { seed: rows, low: -1, high: 1 };
        const { matrix, values } = storedMatrix({ shape: [k, n], format, transposed: true, data });
        const input = normal(graph, [rows, k], scale);
        const x = graph.constant(input);
        const weight = frozenMatrix(graph, matrix);
        const rounded = await graph.read(graph.withRounding(true, () => graph.linear(x, weight)));
        const exact = await graph.read(graph.withRounding(false, () => graph.linear(x, weight)));
        const share = exact.data.map((value, i) => {
          const [row, column] = [Math.floor(i / n), i % n];
          let size = 0;
          for (let e = 0; e < k; e++) size += Math.abs(input.data[row * k + e]! * values[e * n + column]!);
          return Math.abs(rounded.data[i]! - value) / size;
        });
        shares[`${format} ${rows} × ${k} × ${n}, ${scale}`] = Math.max(...share);
      }
  return shares;
}

import { frozenMatrix } from "../../../ts/graph/frozen/stored-weight.js";
import { type Engine, Graph, LoraLinear, normal } from "../../../ts/index.js";
import { weightFormats } from "../../../ts/ops/product/frozen-weight.js";
import { storedMatrix } from "../../properties/programs/stored.js";

/** Inner sizes and widths: whole fours and groups, more than 256 elements for all threads of a workgroup, and neither. */
const SIZES = [
  [320, 64],
  [67, 37],
] as const;

/** Formats of a program for one, four and eight rows each. Drivers take a second to compile one of eight rows, which differs in their number alone. */
const ofAllRows: readonly string[] = ["f32", "q8"];

/**
 * Products of one, three and eight rows, as of generated tokens, by weights and their transposes, and with an adapter.
 * @param formats of one row; those of `ofAllRows` have the other numbers of rows too
 */
export async function fewRowProducts(
  engine: Engine,
  formats: readonly (typeof weightFormats)[number][] = weightFormats,
): Promise<Record<string, number[]>> {
  const results: Record<string, number[]> = {};
  for (const rows of [1, 3, 8]) {
    for (const shape of SIZES) {
      using graph = new Graph({ engine, seed: rows });
      const x = graph.constant(normal(graph, [rows, shape[0]], 1));
      for (const format of formats) {
        if (rows > 1 && !ofAllRows.includes(format)) continue;
        for (const transposed of [false, true]) {
          const data = { seed: rows, low: -1, high: 1 };
          const weight = frozenMatrix(graph, storedMatrix({ shape: [...shape], format, transposed, data }).matrix);
          const name = `${rows} rows, ${shape.join(" × ")}, ${format}, transposed ${transposed}`;
          results[name] = [...(await graph.read(graph.linear(x, weight))).data];
          // An adapter's update is the same program text in all formats.
          if (format !== "q8") continue;
          const layer = LoraLinear.fromLinear(graph, weight, null, shape[0], shape[1], { rank: 5, alpha: 7 });
          graph.setValue(layer.loraB, normal(graph, [5, shape[1]], 1));
          results[`${name}, adapted`] = [...(await graph.read(layer.forward(graph, x))).data];
        }
      }
    }
  }
  return results;
}

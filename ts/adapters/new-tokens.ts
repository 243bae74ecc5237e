import { ConfigError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { Graph } from "../graph/graph.js";
import { type AdapterConfig, tokenRows } from "../io/peft/index.js";
import type { Tensor } from "../values/tensor.js";
import type { AdaptedModules } from "./adapted-modules.js";
import type { TokenRows } from "./adapter-parts.js";

/** A module with a row for each token: an embedding table, or the output layer. */
interface RowModule {
  readonly path: string;
  readonly rows: number;
  readonly width: number;
  /** Current rows, `[indices, width]`. */
  rowsOf(indices: readonly number[]): Tensor;
}

/** The rows that a configuration trains, initialised to the base's, by the module's path. Throws `ConfigError` for rows that do not exist. */
export function newTokens(
  graph: Graph,
  { tables, output }: AdaptedModules,
  { trainableTokenIndices: wanted }: AdapterConfig,
  what: string,
): Map<string, TokenRows> {
  const found = new Map<string, TokenRows>();
  if (wanted === null) return found;
  const known: readonly RowModule[] = output === undefined ? tables : [...tables, output];
  const lists = wanted instanceof Map ? [...(wanted as ReadonlyMap<string, readonly number[]>)] : null;
  const fail = (problem: string) =>
    new ConfigError(`${what}: trainableTokenIndices: ${problem}`, { op: what, option: "trainableTokenIndices" });
  const chosen = new Map<string, readonly number[]>();
  for (const [name, indices] of lists ?? [[tables[0]?.path ?? "", wanted as readonly number[]] as const]) {
    const module = known.find(({ path }) => path === name || path.endsWith(`.${name}`));
    if (module === undefined)
      throw fail(`there is no table ${excerpt(name)}; there are ${clip(known.map(({ path }) => path).join(", "))}`);
    const { path, rows } = module;
    if (indices.length === 0) throw fail(`${path} has no rows; name some or leave it out`);
    const outside = indices.find((row) => row >= rows);
    if (outside !== undefined) throw fail(`${path} has rows 0 to ${rows - 1}, got ${outside}`);
    if (new Set(indices).size < indices.length) throw fail(`a row of ${path} is listed twice`);
    chosen.set(path, indices);
  }
  output?.leaveToTable(chosen);
  for (const [path, indices] of chosen) {
    const rows = graph.variable(known.find((module) => module.path === path)!.rowsOf(indices));
    found.set(path, { indices: [...indices], rows, name: tokenRows(path) });
  }
  return found;
}

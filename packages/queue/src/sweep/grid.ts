import { ConfigError } from "lowrank";
import { clip, excerpt, exp, isRecord, type Json, log, Philox } from "lowrank/extension";

/** Values of a setting: a list, or a range. Ranges are sampled log-uniformly, as integers if both ends are integers. */
export type GridValues = readonly Json[] | { readonly from: number; readonly to: number };

/** The compared settings of a spec, by name, with their values. */
export type Grid = Readonly<Record<string, GridValues>>;

/** One combination of values. */
export type Choice = Readonly<Record<string, Json>>;

/** Most combinations of a sweep. */
const MOST = 10_000;
/** Number of successive draws without a new combination after which the grid counts as exhausted. */
const MOST_DRAWS = 1_000;

const VALUES = "a list of values, or { from, to } with numbers above 0";

/** A checked copy of a grid. Throws `ConfigError` for invalid grids. */
export function takeGrid(what: string, grid: Grid): Grid {
  const fail = (name: string, value: unknown) =>
    new ConfigError(`${what}: grid.${clip(name)} is ${VALUES}, got ${excerpt(value)}`, {
      op: what,
      option: "grid",
      expected: VALUES,
      value,
    });
  if (!isRecord(grid) || Object.keys(grid).length === 0)
    throw new ConfigError(
      `${what}: grid must be an object with ${VALUES} for each setting to compare, got ${excerpt(grid)}`,
      {
        op: what,
        option: "grid",
        value: grid,
      },
    );
  return Object.fromEntries(
    Object.entries(grid).map(([name, values]): [string, GridValues] => {
      if (isList(values)) {
        if (values.length === 0) throw fail(name, values);
        return [name, [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]];
      }
      const { from, to } = Object(values) as { from?: unknown; to?: unknown };
      if (!(typeof from === "number" && typeof to === "number" && from > 0 && from < to && to < Infinity))
        throw fail(name, values);
      return [name, { from, to }];
    }),
  );
}

const isList = (values: GridValues): values is readonly Json[] => Array.isArray(values);

/** All combinations of a grid's values; the last setting changes fastest. Throws `ConfigError` for ranges and for too many combinations. */
export function allChoices(what: string, grid: Grid): readonly Choice[] {
  let choices: Choice[] = [{}];
  for (const [name, values] of Object.entries(grid)) {
    if (!isList(values))
      throw new ConfigError(
        `${what}: grid.${clip(name)} is a range: set random to the number of combinations to draw`,
        {
          op: what,
          option: "random",
        },
      );
    if (choices.length * values.length > MOST)
      throw new ConfigError(`${what}: the grid has more than ${MOST} combinations; set random to draw some of them`, {
        op: what,
        option: "grid",
      });
    choices = choices.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value })));
  }
  return choices;
}

/** A number of different combinations, drawn at random. Throws `ConfigError` if the grid has fewer. */
export function drawnChoices(what: string, grid: Grid, count: number, seed: number): readonly Choice[] {
  const random = new Philox(seed, 0);
  const found = new Map<string, Choice>();
  for (let idle = 0; found.size < count;) {
    const choice = Object.fromEntries(Object.entries(grid).map(([name, values]) => [name, drawn(values, random)]));
    const key = JSON.stringify(choice);
    idle = found.has(key) ? idle + 1 : 0;
    if (idle > MOST_DRAWS)
      throw new ConfigError(`${what}: random is ${count}, but the grid has only about ${found.size} combinations`, {
        op: what,
        option: "random",
        value: count,
      });
    found.set(key, choice);
  }
  return [...found.values()];
}

function drawn(values: GridValues, random: Philox): Json {
  if (isList(values)) return values[Math.min(Math.floor(random.uniform() * values.length), values.length - 1)]!;
  const { from, to } = values;
  const value = exp(log(from) + random.uniform() * (log(to) - log(from)));
  const rounded = Number.isInteger(from) && Number.isInteger(to) ? Math.round(value) : Number(value.toPrecision(3));
  return Math.min(Math.max(rounded, from), to);
}

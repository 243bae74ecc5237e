import { InvalidArgumentError } from "commander";
import type { Json } from "lowrank/extension";
import type { Grid, GridValues } from "../index.js";

const NUMBER = String.raw`\d[\d.]*(?:e[+-]?\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})$`, "i");

/** Adds a setting to a grid: "rank=4,8,16" or "learningRate=1e-4..1e-2". */
export function gridOption(text: string, before: Grid = {}): Grid {
  const [, name, values] = /^\s*([A-Za-z][\w-]*)\s*=(.+)$/.exec(text) ?? [];
  if (name === undefined || values === undefined)
    throw new InvalidArgumentError(
      "Expected a setting and its values, such as rank=4,8,16 or learningRate=1e-4..1e-2.",
    );
  // Hyphenated names are accepted, as in the command's options.
  const setting = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (Object.hasOwn(before, setting)) throw new InvalidArgumentError(`${setting} is given twice.`);
  return { ...before, [setting]: valuesOf(values.trim()) };
}

function valuesOf(text: string): GridValues {
  const range = RANGE.exec(text);
  if (range !== null) return { from: Number(range[1]), to: Number(range[2]) };
  return text.split(",").map((value) => valueOf(value.trim()));
}

/** A number, true, false, null, or otherwise a string. */
function valueOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Comma-separated seeds. */
export function seedList(text: string): readonly number[] {
  const seeds = text.split(",").map(Number);
  if (/^\d+(,\d+)*$/.test(text) && seeds.every(Number.isSafeInteger)) return seeds;
  throw new InvalidArgumentError("Expected whole numbers, such as 0,1,2.");
}

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { root } from "../../../../scripts/setup/paths.mjs";
import type { Program } from "../../../../ts/engine/webgpu/program.js";
import {
  forwardHalvesProgram,
  forwardProgram,
  keysProgram,
  queriesProgram,
} from "../../../../ts/engine/webgpu/programs/attention.js";
import { lowRank, vectorProgram } from "../../../../ts/engine/webgpu/programs/vector-product.js";
import { PLAIN, productProgram } from "../../../../ts/engine/webgpu/programs/product.js";
import { roundedProductProgram } from "../../../../ts/engine/webgpu/programs/rounded-product.js";
import { columnsProgram, rowsProgram, storedOperand } from "../../../../ts/engine/webgpu/programs/stored.js";

const folder = join(root, "ts/engine/webgpu/programs");
const PER_THREAD = [1, 2, 4] as const;
/** Kernels' numbers of formats. */
const FORMATS = [0, 1, 2, 3, 4];
/** Of these those in groups. */
const GROUPED = [3, 4];
/** Columns of a thread for heads of up to 256. */
const COLUMNS = Array.from({ length: 16 }, (_, i) => i + 1);

const ofHeads = (make: typeof forwardProgram) =>
  COLUMNS.flatMap((columns) => [false, true].map((disentangled) => make(columns, disentangled)));

/** Functions that make programs, with every argument that kernels give them. */
const makers: Record<string, () => Program[]> = {
  forwardProgram: () => ofHeads(forwardProgram),
  forwardHalvesProgram: () => COLUMNS.map(forwardHalvesProgram),
  queriesProgram: () => ofHeads(queriesProgram),
  keysProgram: () => ofHeads(keysProgram),
  columnsProgram: () => FORMATS.map(columnsProgram),
  rowsProgram: () => FORMATS.map(rowsProgram),
  vectorProgram: () =>
    [1, 3, 8].flatMap((rows) =>
      [true, false].flatMap((byColumn) =>
        [PLAIN, ...FORMATS.map(storedOperand)].flatMap((right) =>
          [false, true].map((isUpdated) => vectorProgram("vector", rows, byColumn, right, isUpdated)),
        ),
      ),
    ),
  roundedProductProgram: () =>
    PER_THREAD.flatMap((rows) =>
      PER_THREAD.flatMap((columns) =>
        GROUPED.map((format) => roundedProductProgram("product", rows, columns, storedOperand(format))),
      ),
    ),
  productProgram: () =>
    PER_THREAD.flatMap((rows) =>
      PER_THREAD.flatMap((columns) =>
        [undefined, ...FORMATS.map(storedOperand)].flatMap((right) =>
          [undefined, lowRank].map((addend) => productProgram("product", rows, columns, right, addend)),
        ),
      ),
    ),
};

const isProgram = (value: unknown): value is Program =>
  typeof value === "object" && value !== null && "code" in value && "parameters" in value && "name" in value;

/** Programs in an export: itself, or those of a table or list. */
function programsIn(value: unknown): Program[] {
  if (isProgram(value)) return [value];
  if (value instanceof Map) return [...value.values()].flatMap(programsIn);
  return Array.isArray(value) ? value.flatMap(programsIn) : [];
}

/** All programs of the engine. A new function that makes some needs a line above. */
export async function allPrograms(): Promise<Program[]> {
  const programs: Program[] = [];
  for (const file of readdirSync(folder)) {
    const exported = (await import(join(folder, file))) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exported)) {
      if (typeof value !== "function") programs.push(...programsIn(value));
      else if (name.endsWith("Program")) {
        expect(Object.keys(makers), `${file} has a new function`).toContain(name);
        programs.push(...makers[name]!());
      }
    }
  }
  return programs;
}

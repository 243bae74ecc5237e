import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../../../scripts/setup/paths.mjs";
import { MOST_PARAMETERS, type Program } from "../../../../ts/engine/webgpu/program.js";
import {
  forwardHalvesProgram,
  forwardProgram,
  keysProgram,
  queriesProgram,
} from "../../../../ts/engine/webgpu/programs/attention.js";
import { lowRank } from "../../../../ts/engine/webgpu/programs/low-rank.js";
import { PLAIN, productProgram } from "../../../../ts/engine/webgpu/programs/product.js";
import { columnsProgram, rowsProgram, storedOperand } from "../../../../ts/engine/webgpu/programs/stored.js";
import { vectorProgram } from "../../../../ts/engine/webgpu/programs/vector-product.js";

const folder = join(root, "ts/engine/webgpu/programs");
const PER_THREAD = [1, 2, 4] as const;
/** Kernels' numbers of formats. */
const FORMATS = [0, 1, 2, 3, 4];
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
async function allPrograms(): Promise<Program[]> {
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

/** Bytes of a type that these programs use in shared memory. */
function sizeOf(type: string, code: string): number {
  const array = /^array<(\w+), (\d+)>$/.exec(type);
  if (array !== null) return Number(array[2]) * sizeOf(array[1]!, code);
  if (["f32", "u32", "i32"].includes(type)) return 4;
  const fields = new RegExp(`struct ${type} \\{([^}]*)\\}`).exec(code)?.[1];
  if (fields === undefined) throw new Error(`"${type}" is a type of shared memory that this test does not know`);
  return fields.split(",").reduce((sum, field) => sum + sizeOf(field.split(":")[1]!.trim(), code), 0);
}

const shared = ({ code }: Program) =>
  [...code.matchAll(/var<workgroup> \w+: ([^;]+);/g)].reduce((sum, [, type]) => sum + sizeOf(type!, code), 0);

function workgroupOf({ code }: Program): number[] {
  const sizes = [...code.matchAll(/@workgroup_size\(([^)]*)\)/g)];
  expect(sizes).toHaveLength(1);
  return sizes[0]![1]!.split(",").map(Number);
}

const KIBIBYTE = 1024;

it("keeps every program within what WebGPU guarantees, and docs/webgpu.md states the sizes", async () => {
  const programs = await allPrograms();
  expect(programs.length).toBeGreaterThan(150);
  for (const each of programs) {
    const { name, code, parameters } = each;
    const size = workgroupOf(each);
    // maxComputeInvocationsPerWorkgroup, and maxComputeWorkgroupSizeX and Y.
    expect(
      size.reduce((product, side) => product * side),
      name,
    ).toBeLessThanOrEqual(256);
    expect(size.length, name).toBeLessThanOrEqual(2);
    // maxComputeWorkgroupStorageSize.
    expect(shared(each), name).toBeLessThanOrEqual(16 * KIBIBYTE);
    // maxStorageBuffersPerShaderStage is 8, maxUniformBuffersPerShaderStage 12.
    expect([...code.matchAll(/var<storage/g)].length, name).toBeLessThanOrEqual(8);
    expect([...code.matchAll(/var<uniform>/g)].length, name).toBe(1);
    // A slot of parameters is as long as minUniformBufferOffsetAlignment.
    expect(parameters.length, name).toBeLessThanOrEqual(MOST_PARAMETERS);
    // A feature that not every adapter has needs a plain path beside it.
    expect(code, name).not.toMatch(/^\s*(enable|requires)\s|subgroup/m);
    const { subgroups } = each;
    if (subgroups === undefined) continue;
    expect(subgroups, name).toMatch(/^enable subgroups;\n/);
    expect(subgroups.match(/^\s*(enable|requires)\s/gm), name).toHaveLength(1);
    expect(workgroupOf({ ...each, code: subgroups }), name).toEqual(size);
    expect(shared({ ...each, code: subgroups }), name).toBeLessThanOrEqual(shared(each));
  }
  const most = Math.max(...programs.map(shared)) / KIBIBYTE;
  const sizes = new Set(programs.map((each) => workgroupOf(each).reduce((product, side) => product * side)));
  const document = readFileSync(join(root, "docs/webgpu.md"), "utf8").replace(/\s+/g, " ");
  const stated = /at most ([\d.]+) KiB of shared memory, .* workgroups have ([\d or]+) threads/.exec(document);
  const threads = [...sizes].sort((a, b) => a - b).join(" or ");
  expect(stated?.slice(1)).toEqual([most.toFixed(1), threads]);
});

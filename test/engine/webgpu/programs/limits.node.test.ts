import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../../../scripts/setup/paths.mjs";
import { MOST_PARAMETERS, type Program } from "../../../../ts/engine/webgpu/program.js";
import { allPrograms } from "./all-programs.js";

/** Bytes of a type that these programs use in shared memory. */
function sizeOf(type: string, code: string): number {
  const vector = /^vec(\d)<(\w+)>$/.exec(type);
  // A vector of three would be as large as one of four.
  if (vector !== null) return Number(vector[1]) * sizeOf(vector[2]!, code);
  const array = /^array<(.+), (\d+)>$/.exec(type);
  if (array !== null) return Number(array[2]) * sizeOf(array[1]!, code);
  if (["f32", "u32", "i32"].includes(type)) return 4;
  if (type === "f16") return 2;
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
    const { f16, subgroups } = each;
    if (f16 === true) expect(code, name).toMatch(/^enable f16;\n/);
    else expect(code, name).not.toMatch(/\bf16\b/);
    expect(code.replace("enable f16;\n", ""), name).not.toMatch(/^\s*(enable|requires)\s|subgroup/m);
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

it("gives Dawn no program that it refuses, with subgroups and 16-bit numbers too", async () => {
  const sources = (await allPrograms()).flatMap(({ name, code, subgroups }) =>
    [code, subgroups].flatMap((source) => (source === undefined ? [] : [{ name, code: source }])),
  );
  expect(sources.filter(({ code }) => code.startsWith("enable f16;")).length).toBe(18);
  const program = join(root, "test/engine/webgpu/compile-program.mjs");
  const input = JSON.stringify(sources);
  const printed = execFileSync(process.execPath, [program], { input, encoding: "utf8", maxBuffer: 2 ** 26 });
  expect(JSON.parse(printed)).toEqual([]);
});

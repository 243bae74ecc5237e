/** A compute shader: its parameters and its WGSL. */
export interface Program {
  readonly name: string;
  /** Parameters in the order of the uniform's words. */
  readonly parameters: readonly Parameter[];
  /** WGSL of the whole module. */
  readonly code: string;
  /** WGSL for devices with the feature "subgroups", if it differs. */
  readonly subgroups?: string;
  /** Whether it is for devices with the feature "shader-f16" alone. */
  readonly f16?: true;
}

/** A word of the uniform. */
interface Parameter {
  readonly name: string;
  /** "pointer" is a byte address, which the shader sees as an index of words; 0 where there is nothing. */
  readonly kind: "pointer" | "u32" | "f32";
}

/** Threads of a workgroup. WebGPU guarantees 256, and 16 KiB of shared memory. */
export const THREADS = 64;
/** Workgroups in one dimension of a dispatch that WebGPU guarantees. */
const MOST_GROUPS = 65_535;

/** Most parameters of a program: a uniform slot has 256 bytes, the guaranteed alignment of dynamic offsets. */
export const MOST_PARAMETERS = 64;

/** What every module begins with: the engine's memory, as words, and access to it as numbers. */
const HEAD = `@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> p: Parameters;
fn load(i: u32) -> f32 { return bitcast<f32>(memory[i]); }
fn store(i: u32, x: f32) { memory[i] = bitcast<u32>(x); }
// By its bits: compilers of WGSL may assume that no number is NaN; max, min and clamp give the other one, and exp and log some number.
fn nan_bits(x: u32) -> bool { return (x & 0x7fffffffu) > 0x7f800000u; }
fn keep(x: f32, y: f32) -> f32 { return select(y, x, nan_bits(bitcast<u32>(x))); }
fn greatest(a: f32, b: f32) -> f32 { return keep(a, keep(b, max(a, b))); }
fn exp_(x: f32) -> f32 { return keep(x, exp(x)); }
fn of_bits(x: u32) -> f32 { return bitcast<f32>(x); }
// WGSL promises nothing where there is no finite logarithm, and drivers give numbers there.
fn log_(x: f32) -> f32 {
  if (x == 0.0) { return of_bits(0xff800000u); }
  if (x < 0.0) { return of_bits(0x7fc00000u); }
  return select(keep(x, log(x)), x, x > 3.4028234e38);
}
fn put(i: u32, x: f32, accumulate: u32) { if (accumulate != 0u) { store(i, load(i) + x); } else { store(i, x); } }
`;

/**
 * Makes a program.
 *
 * @param parameters names with kinds, separated by spaces: `x*` is a pointer, `alpha:f` a float, `n` a whole number
 * @param code WGSL with an entry point `main`; parameters are `p.x`, `p.alpha`, `p.n`
 * @param subgroups the same with operations of subgroups
 * @param f16 whether the code has numbers of type f16
 */
export function program(
  name: string,
  parameters: string,
  code: string,
  { subgroups, f16 }: Pick<Program, "subgroups" | "f16"> = {},
): Program {
  const list = parameters.split(/\s+/).map((word): Parameter => {
    if (word.endsWith("*")) return { name: word.slice(0, -1), kind: "pointer" };
    return word.endsWith(":f") ? { name: word.slice(0, -2), kind: "f32" } : { name: word, kind: "u32" };
  });
  const fields = list.map(({ name, kind }) => `  ${name}: ${kind === "f32" ? "f32" : "u32"},`).join("\n");
  const head = `struct Parameters {\n${fields}\n}\n${HEAD}`;
  return {
    name,
    parameters: list,
    code: `${f16 ? "enable f16;\n" : ""}${head}${code}`,
    ...(subgroups !== undefined && { subgroups: `enable subgroups;\n${head}${subgroups}` }),
    ...(f16 && { f16 }),
  };
}

/** A program of one thread for each of `p.n` elements, the first parameter: `body` handles element `i`. */
export function elementProgram(name: string, parameters: string, body: string, functions = ""): Program {
  const code = `${functions}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * ${THREADS}u;
  if (i >= p.n) { return; }
  ${body}
}`;
  return program(name, `n ${parameters}`, code);
}

/** The sum over the threads of a workgroup, in the same order every time. */
const TOTAL = `
fn total(x: f32, lane: u32) -> f32 {
  parts[lane] = x;
  workgroupBarrier();
  for (var half = ${THREADS / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { parts[lane] += parts[lane + half]; }
    workgroupBarrier();
  }
  let sum = parts[0];
  workgroupBarrier();
  return sum;
}
`;

/** What a program needs to know of subgroups: each has the neighbours among a workgroup's threads. */
export const SUBGROUPS = {
  /** Further inputs of `main`. */
  inputs: ", @builtin(subgroup_invocation_id) place: u32, @builtin(subgroup_size) size: u32",
  /** Most subgroups in a workgroup of `THREADS`: WGSL has subgroups of 4 to 128 threads. */
  most: THREADS / 4,
};

/** WGSL of a sum over a workgroup by subgroups, whose sums are added in order. */
const TOTAL_OF_SUBGROUPS = `
var<private> is_first: bool;
var<private> subgroup_size: u32;
fn total(x: f32, lane: u32) -> f32 {
  let part = subgroupAdd(x);
  if (is_first) { parts[lane / subgroup_size] = part; }
  workgroupBarrier();
  var sum = 0.0;
  for (var i = 0u; i * subgroup_size < ${THREADS}u; i++) { sum += parts[i]; }
  workgroupBarrier();
  return sum;
}
`;

/** The maximum over the threads of a workgroup, NaN if one has it. */
const LARGEST = `
fn largest(x: f32, lane: u32) -> f32 {
  parts[lane] = x;
  workgroupBarrier();
  for (var half = ${THREADS / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { parts[lane] = greatest(parts[lane], parts[lane + half]); }
    workgroupBarrier();
  }
  let most = parts[0];
  workgroupBarrier();
  return most;
}
`;

/** A program of one workgroup for each of `p.rows` rows, the first parameter: thread `lane` of row `row`, with `total` and `largest`. */
export function rowProgram(name: string, parameters: string, body: string, functions = ""): Program {
  const code = (total: string, inputs: string, begin: string) => `
var<workgroup> parts: array<f32, ${THREADS}>;${total}${LARGEST}${functions}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32${inputs}) {
  ${begin}let row = group.x + group.y * groups.x;
  if (row >= p.rows) { return; }
  ${body}
}`;
  const subgroups = code(TOTAL_OF_SUBGROUPS, SUBGROUPS.inputs, "is_first = place == 0u; subgroup_size = size;\n  ");
  return program(name, `rows ${parameters}`, code(TOTAL, "", ""), { subgroups });
}

/** 0 … count − 1, for WGSL that is unrolled. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** How many workgroups a dispatch has in two dimensions for `count` of them. */
export function spread(count: number): [number, number] {
  return count <= MOST_GROUPS ? [count, 1] : [MOST_GROUPS, Math.ceil(count / MOST_GROUPS)];
}

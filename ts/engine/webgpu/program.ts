/** A compute shader: its parameters and its WGSL. */
export interface Program {
  readonly name: string;
  /** In the order of the uniform's words. */
  readonly parameters: readonly Parameter[];
  /** WGSL of the whole module. */
  readonly code: string;
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
 */
export function program(name: string, parameters: string, code: string): Program {
  const list = parameters.split(/\s+/).map((word): Parameter => {
    if (word.endsWith("*")) return { name: word.slice(0, -1), kind: "pointer" };
    return word.endsWith(":f") ? { name: word.slice(0, -2), kind: "f32" } : { name: word, kind: "u32" };
  });
  const fields = list.map(({ name, kind }) => `  ${name}: ${kind === "f32" ? "f32" : "u32"},`).join("\n");
  return { name, parameters: list, code: `struct Parameters {\n${fields}\n}\n${HEAD}${code}` };
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

/** Sums and maxima over the threads of a workgroup, in the same order every time. */
const WORKGROUP_REDUCTIONS = `
var<workgroup> parts: array<f32, ${THREADS}>;
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
  const code = `${WORKGROUP_REDUCTIONS}${functions}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= p.rows) { return; }
  ${body}
}`;
  return program(name, `rows ${parameters}`, code);
}

/** 0 … count − 1, for WGSL that is unrolled. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** How many workgroups a dispatch has in two dimensions for `count` of them. */
export function spread(count: number): [number, number] {
  return count <= MOST_GROUPS ? [count, 1] : [MOST_GROUPS, Math.ceil(count / MOST_GROUPS)];
}

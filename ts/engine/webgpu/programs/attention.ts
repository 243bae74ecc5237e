import { type Program, program, range } from "../program.js";
import { TANH } from "./functions.js";

// Attention in blocks of 16 queries and 16 keys with one pass over the keys, as FlashAttention-2 (Dao, arXiv 2307.08691): scores are never
// in memory. A workgroup of 16×16 threads has a block of queries and a head (forward, ∂Q), or a block of keys and a head of theirs (∂K, ∂V);
// thread (x, y) computes the score of row y and column x, then columns x, x + 16, … of row y's result. Shared memory: 3.3 KiB.

/** Queries and keys of a block. */
export const BLOCK = 16;
/** Row length of panels in shared memory, odd against conflicts of banks. */
const PANEL = BLOCK + 1;
/** A score that is hidden: exp of anything below it is 0. */
const HIDDEN = "-3.0e38";

const PLAN = "table* sequences heads kvHeads headDim qRow qHead kvRow kvHead oRow oHead lseHead";
const SCORES = "keyBias* keyBiasStep scale:f causal window distanceBias* distanceBiasStep cap:f";

/** DeBERTa's scores, which a program has or not: they depend on both the distance and the contents. */
const TABLES = "buckets* bucketCount c2p* p2c*";

/** What all programs share: which block a workgroup has, products of rows, and scores. */
const common = (disentangled: boolean, right = "load") => `
struct Place { sequence: u32, block: u32, qStart: u32, qLength: u32, kStart: u32, kLength: u32, offset: u32 }
var<workgroup> place: Place;
var<workgroup> left: array<f32, ${BLOCK * PANEL}>;
var<workgroup> right: array<f32, ${BLOCK * PANEL}>;
var<workgroup> weights: array<f32, ${BLOCK * PANEL}>;

// Finds the block of workgroup \`group\`, counted over all sequences, by their lengths at word \`column\` of the table.
fn find(group: u32, column: u32, index: u32) -> Place {
  if (index == 0u) {
    var rest = group; var s = 0u;
    for (; s + 1u < p.sequences; s++) {
      let blocks = (memory[p.table + 5u * s + column] + ${BLOCK - 1}u) / ${BLOCK}u;
      if (rest < blocks) { break; }
      rest -= blocks;
    }
    let t = p.table + 5u * s;
    place = Place(s, rest * ${BLOCK}u, memory[t], memory[t + 1u], memory[t + 2u], memory[t + 3u], memory[t + 4u]);
  }
  return workgroupUniformLoad(&place);
}

// Product of row y of a and row x of b, \`headDim\` long; rows from aRows and bRows on are 0.
fn product(a: u32, aStep: u32, aRows: u32, b: u32, bStep: u32, bRows: u32, thread: vec3u) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < p.headDim; c += ${BLOCK}u) {
    let inside = c + thread.x < p.headDim;
    var l = 0.0; var r = 0.0;
    if (inside && thread.y < aRows) { l = load(a + thread.y * aStep + c + thread.x); }
    if (inside && thread.y < bRows) { r = ${right}(b + thread.y * bStep + c + thread.x); }
    workgroupBarrier();
    left[thread.y * ${PANEL}u + thread.x] = l;
    right[thread.y * ${PANEL}u + thread.x] = r;
    workgroupBarrier();
    for (var e = 0u; e < ${BLOCK}u; e++) { sum = fma(left[thread.y * ${PANEL}u + e], right[thread.x * ${PANEL}u + e], sum); }
  }
  return sum;
}

${disentangled ? TABLE_SCORES : ""}
${TANH}
// The score of a query and a key by their product, hidden or not.
fn score(dot: f32, query: u32, key: u32, at: Place, head: u32) -> f32 {
  if (query >= at.qLength || key >= at.kLength) { return ${HIDDEN}; }
  let where_ = query + at.offset;
  if (p.causal != 0u && key > where_) { return ${HIDDEN}; }
  if (max(where_, key) - min(where_, key) > p.window) { return ${HIDDEN}; }
  var s = p.scale * dot;
  if (nan_bits(bitcast<u32>(s))) { return s; }
  if (p.cap != 0.0) { s = p.cap * tanh_(s / p.cap); }
  if (p.keyBias != 0u) { s += load(p.keyBias + at.sequence * p.keyBiasStep + key); }
  if (p.distanceBias != 0u) { s += load(p.distanceBias + head * p.distanceBiasStep + query - key); }
  ${disentangled ? "s = fma(p.scale, of_tables(query, key, at, head), s);" : ""}
  return select(max(s, ${HIDDEN}), s, nan_bits(bitcast<u32>(s)));
}
fn seen(s: f32) -> bool { return s > ${HIDDEN} || nan_bits(bitcast<u32>(s)); }
// Derivative of the cap by its score; 0 of a hidden one, whose weight is 0.
fn slope(s: f32) -> f32 { if (p.cap == 0.0) { return 1.0; } let t = keep(s, clamp(s / p.cap, -1.0, 1.0)); return 1.0 - t * t; }
`;

/** Rows of both tables are `[heads, buckets]`, one for each token; the bucket of distance 0 is at `p.buckets`. */
const TABLE_SCORES = `
fn row_of(token: u32, head: u32) -> u32 { return (token * p.heads + head) * p.bucketCount; }
fn of_tables(query: u32, key: u32, at: Place, head: u32) -> f32 {
  let bucket = memory[p.buckets + query - key];
  var s = 0.0;
  if (p.c2p != 0u) { s += load(p.c2p + row_of(at.qStart + query, head) + bucket); }
  if (p.p2c != 0u) { s += load(p.p2c + row_of(at.kStart + key, head) + bucket); }
  return s;
}`;

/**
 * The gradient of row y of a table from row y of \`weights\`: thread x has buckets x, x + 16, …, so that no two write to one place, and sums
 * are in order. \`distance\` is that of the query and the key of \`weights\` e.
 */
const scatter = (table: string, row: string, count: string, distance: string) => `
    if (p.${table} != 0u && thread.y < ${row}) {
      for (var e = 0u; e < ${count}; e++) {
        let bucket = memory[p.buckets + ${distance}];
        if (bucket % ${BLOCK}u == thread.x) {
          let to = ${table} + bucket;
          store(to, load(to) + weights[thread.y * ${PANEL}u + e]);
        }
      }
    }`;

/** Clears row y of a table's gradient: each thread those buckets to which it adds later. */
const clear = (table: string, row: string, accumulate: string) => `
    if (p.${table} != 0u && p.${accumulate} == 0u && thread.y < ${row}) {
      for (var b = thread.x; b < p.bucketCount; b += ${BLOCK}u) { store(${table} + b, 0.0); }
    }`;

const MAIN = `@compute @workgroup_size(${BLOCK}, ${BLOCK})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) thread: vec3u, @builtin(local_invocation_index) index: u32) {`;

/** Where a block of queries begins to see keys, and ends. */
const KEYS = `
  var end = at.kLength;
  if (p.causal != 0u) { end = min(end, at.offset + at.block + ${BLOCK}u); }
  var begin = 0u;
  if (at.offset + at.block > p.window) { begin = (at.offset + at.block - p.window) / ${BLOCK}u * ${BLOCK}u; }`;

/** Binary16, by the index of a half: compilers may assume that no number is NaN, but not of bits. */
const LOAD_HALF = `
fn load_half(i: u32) -> f32 {
  let bits = memory[i / 2u] >> (16u * (i % 2u));
  return select(unpack2x16float(bits).x, of_bits(0x7fc00000u), (bits & 0x7fffu) > 0x7c00u);
}`;

/** \`unit\`: elements of k and v in a word. */
const queries = (unit = "") => `
  let head = group.y;
  let kvHead = head * p.kvHeads / p.heads;
  let rows = min(${BLOCK}u, at.qLength - at.block);
  let first = at.qStart + at.block;
  let query = at.block + thread.y;
  let q = p.q + first * p.qRow + head * p.qHead;
  let k = ${unit}p.k + at.kStart * p.kvRow + kvHead * p.kvHead;
  let v = ${unit}p.v + at.kStart * p.kvRow + kvHead * p.kvHead;`;

/** Row y of \`weights\` times rows of an operand, into sums of the columns of thread x. */
const combine = (sums: readonly string[], operand: string, step: string, rows: string, read = "load") => `
    for (var e = 0u; e < ${rows}; e++) {
      let weight = weights[thread.y * ${PANEL}u + e];
      let source = ${operand} + e * ${step} + thread.x;
      ${sums.map((sum, i) => `if (thread.x + ${BLOCK * i}u < p.headDim) { ${sum} = fma(weight, ${read}(source + ${BLOCK * i}u), ${sum}); }`).join("\n      ")}
    }`;

/** O and lse. Made for a number of columns of a thread: ⌈headDim / 16⌉. */
export const forwardProgram = (columns: number, disentangled = false): Program => forward(columns, disentangled, false);

/** Forward attention with keys and values in binary16. */
export const forwardHalvesProgram = (columns: number): Program => forward(columns, false, true);

function forward(columns: number, disentangled: boolean, halves: boolean): Program {
  const read = halves ? "load_half" : "load";
  const sums = range(columns).map((i) => `o${i}`);
  return program(
    `attention_forward ${columns}${disentangled ? " disentangled" : ""}${halves ? " halves" : ""}`,
    `${PLAN} ${SCORES} q* k* v* o* lse* ${disentangled ? TABLES : ""}`.trim(),
    `${halves ? LOAD_HALF : ""}${common(disentangled, read)}
${MAIN}
  let at = find(group.x, 1u, index);${queries(halves ? "2u * " : "")}${KEYS}
  var most = ${HIDDEN}; var sum = 0.0;
  ${sums.map((name) => `var ${name} = 0.0;`).join(" ")}
  for (var key = begin; key < end; key += ${BLOCK}u) {
    let keys = min(${BLOCK}u, at.kLength - key);
    let dot = product(q, p.qRow, rows, k + key * p.kvRow, p.kvRow, keys, thread);
    let s = score(dot, query, key + thread.x, at, head);
    weights[thread.y * ${PANEL}u + thread.x] = s;
    workgroupBarrier();
    var next = most;
    for (var e = 0u; e < ${BLOCK}u; e++) { next = greatest(next, weights[thread.y * ${PANEL}u + e]); }
    workgroupBarrier();
    weights[thread.y * ${PANEL}u + thread.x] = select(0.0, exp_(s - next), seen(s));
    workgroupBarrier();
    let factor = exp_(most - next);
    most = next;
    var part = 0.0;
    for (var e = 0u; e < ${BLOCK}u; e++) { part += weights[thread.y * ${PANEL}u + e]; }
    sum = fma(sum, factor, part);
    ${sums.map((name) => `${name} *= factor;`).join(" ")}
    ${combine(sums, "v + key * p.kvRow", "p.kvRow", "keys", read)}
    workgroupBarrier();
  }
  if (thread.y >= rows) { return; }
  let o = p.o + (first + thread.y) * p.oRow + head * p.oHead + thread.x;
  // A query that sees no key gives 0.
  let scale = select(1.0 / sum, 0.0, sum == 0.0);
  ${sums.map((name, i) => `if (thread.x + ${BLOCK * i}u < p.headDim) { store(o + ${BLOCK * i}u, ${name} * scale); }`).join("\n  ")}
  if (thread.x == 0u) { store(p.lse + first + thread.y + head * p.lseHead, select(most + log_(sum), -${HIDDEN}, sum == 0.0)); }
}`,
  );
}

/** ∂L/∂Q, and Σ P·∂P of each row for \`keysProgram\`: once over the keys for this sum, once more for the gradient. */
export function queriesProgram(columns: number, disentangled = false): Program {
  const sums = range(columns).map((i) => `d${i}`);
  return program(
    `attention_queries ${columns}${disentangled ? " disentangled" : ""}`,
    `${PLAN} ${SCORES} q* k* v* g* lse* sums* dq* accumulate ${disentangled ? `${TABLES} dc2p* accumulateC2p` : ""}`.trim(),
    `${common(disentangled)}
${MAIN}
  let at = find(group.x, 1u, index);${queries()}${KEYS}
  let g = p.g + first * p.oRow + head * p.oHead;
  var lse = 0.0;
  if (thread.y < rows) { lse = load(p.lse + first + thread.y + head * p.lseHead); }
  var along = 0.0;
  ${sums.map((name) => `var ${name} = 0.0;`).join(" ")}
  ${disentangled ? `let dc2p = p.dc2p + row_of(first + thread.y, head);${clear("dc2p", "rows", "accumulateC2p")}` : ""}
  for (var pass_ = 0u; pass_ < 2u; pass_++) {
    for (var key = begin; key < end; key += ${BLOCK}u) {
      let keys = min(${BLOCK}u, at.kLength - key);
      let s = score(product(q, p.qRow, rows, k + key * p.kvRow, p.kvRow, keys, thread), query, key + thread.x, at, head);
      let dp = product(g, p.oRow, rows, v + key * p.kvRow, p.kvRow, keys, thread);
      let weight = select(0.0, exp_(s - lse), seen(s));
      workgroupBarrier();
      weights[thread.y * ${PANEL}u + thread.x] = select(weight * dp, weight * (dp - along) * slope(s) * p.scale, pass_ == 1u);
      workgroupBarrier();
      if (pass_ == 0u) {
        for (var e = 0u; e < ${BLOCK}u; e++) { along += weights[thread.y * ${PANEL}u + e]; }
      } else {${combine(sums, "k + key * p.kvRow", "p.kvRow", "keys")}${disentangled ? scatter("dc2p", "rows", "keys", "query - (key + e)") : ""}
      }
      workgroupBarrier();
    }
  }
  if (thread.y >= rows) { return; }
  if (thread.x == 0u) { store(p.sums + first + thread.y + head * p.lseHead, along); }
  if (p.dq == 0u) { return; }
  let dq = p.dq + (first + thread.y) * p.qRow + head * p.qHead + thread.x;
  ${sums.map((name, i) => `if (thread.x + ${BLOCK * i}u < p.headDim) { put(dq + ${BLOCK * i}u, ${name}, p.accumulate); }`).join("\n  ")}
}`,
  );
}

/** ∂L/∂K and ∂L/∂V: over the heads that share a head of keys, and the queries that may see the block. */
export function keysProgram(columns: number, disentangled = false): Program {
  const [keySums, valueSums] = [range(columns).map((i) => `k${i}`), range(columns).map((i) => `v${i}`)];
  const stores = (sums: readonly string[], to: string, accumulate: string) =>
    sums.map(
      (name, i) =>
        `if (thread.x + ${BLOCK * i}u < p.headDim) { put(p.${to} + skip + ${BLOCK * i}u, ${name}, p.${accumulate}); }`,
    );
  return program(
    `attention_keys ${columns}${disentangled ? " disentangled" : ""}`,
    `${PLAN} ${SCORES} q* k* v* g* lse* sums* dk* dv* accumulateK accumulateV ${disentangled ? `${TABLES} dp2c* accumulateP2c` : ""}`.trim(),
    `${common(disentangled)}
${MAIN}
  let at = find(group.x, 3u, index);
  let kvHead = group.y;
  let keys = min(${BLOCK}u, at.kLength - at.block);
  let key = at.block + thread.y;
  let k = p.k + (at.kStart + at.block) * p.kvRow + kvHead * p.kvHead;
  let v = p.v + (at.kStart + at.block) * p.kvRow + kvHead * p.kvHead;
  var begin = 0u;
  if (p.causal != 0u && at.block > at.offset) { begin = (at.block - at.offset) / ${BLOCK}u * ${BLOCK}u; }
  ${[...keySums, ...valueSums].map((name) => `var ${name} = 0.0;`).join(" ")}
  let shared_ = p.heads / p.kvHeads;
  for (var head = kvHead * shared_; head < (kvHead + 1u) * shared_; head++) {
    ${disentangled ? `let dp2c = p.dp2c + row_of(at.kStart + key, head);${clear("dp2c", "keys", "accumulateP2c")}` : ""}
    for (var block = begin; block < at.qLength; block += ${BLOCK}u) {
      let rows = min(${BLOCK}u, at.qLength - block);
      let first = at.qStart + block;
      let q = p.q + first * p.qRow + head * p.qHead;
      let g = p.g + first * p.oRow + head * p.oHead;
      let s = score(product(k, p.kvRow, keys, q, p.qRow, rows, thread), block + thread.x, key, at, head);
      let dp = product(v, p.kvRow, keys, g, p.oRow, rows, thread);
      var weight = 0.0; var ds = 0.0;
      if (thread.x < rows && seen(s)) {
        let row = first + thread.x + head * p.lseHead;
        weight = exp_(s - load(p.lse + row));
        ds = weight * (dp - load(p.sums + row)) * slope(s) * p.scale;
      }
      workgroupBarrier();
      weights[thread.y * ${PANEL}u + thread.x] = weight;
      workgroupBarrier();${combine(valueSums, "g", "p.oRow", "rows")}
      workgroupBarrier();
      weights[thread.y * ${PANEL}u + thread.x] = ds;
      workgroupBarrier();${combine(keySums, "q", "p.qRow", "rows")}${disentangled ? scatter("dp2c", "keys", "rows", "block + e - key") : ""}
      workgroupBarrier();
    }
  }
  if (thread.y >= keys) { return; }
  let skip = (at.kStart + key) * p.kvRow + kvHead * p.kvHead + thread.x;
  if (p.dk != 0u) { ${stores(keySums, "dk", "accumulateK").join("\n    ")} }
  if (p.dv != 0u) { ${stores(valueSums, "dv", "accumulateV").join("\n    ")} }
}`,
  );
}

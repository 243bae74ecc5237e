// node --experimental-wasm-relaxed-simd scripts/bench/stored.mjs [--build=relaxed] [--rounds=15] [--only=regexp]
// Products with frozen weights in each format, decoded while panels are packed, against the same weights packed in float32, which
// is what the engine keeps of float32 ones: GFLOP/s forward (x·W) and back (g·Wᵀ), median of rounds that go through all forms in
// turn, and the median of each round's ratio to float32. Behind those in groups: x·W with x rounded to signed bytes. One thread.
import { readFileSync } from "node:fs";

const options = Object.fromEntries(process.argv.slice(2).map((argument) => argument.replace(/^--/, "").split("=")));
const { build = "relaxed", rounds = "15", only = "" } = options;
const ROWS = [1, 8, 32, 96, 128, 512];
const SIZES = [
  [384, 384],
  [384, 1536],
  [576, 1536],
  [1536, 576],
  [576, 576],
  [2048, 2048],
];
const FORMATS = ["f32", "f16", "bf16", "q8", "q4"];
const MILLISECONDS = 6;
const [WIDE, NARROW] = [28, 14];

const folder = new URL(`../../build/wasm/${build}/`, import.meta.url);
const { initSync } = await import(new URL("lowrank_wasm.js", folder));
const wasm = initSync({ module: new WebAssembly.Module(readFileSync(new URL("lowrank_wasm_bg.wasm", folder))) });
let next = wasm.memory.buffer.byteLength;
wasm.set_workspace(take(wasm.workspace_len(1)), wasm.workspace_len(1));
chooseTile();
const kept = next;

console.log(`${build}, Node ${process.versions.node}: GFLOP/s (ratio to packed float32)`);
console.log(
  [
    "rows × in × out".padEnd(18),
    ...FORMATS.map((format) => `${format}: x·W, g·Wᵀ`.padEnd(WIDE)),
    "q8 rounded".padEnd(NARROW),
    "q4 rounded",
  ].join(""),
);
for (const [k, n] of SIZES) {
  for (const m of ROWS) {
    if (!new RegExp(only).test(`${m}x${k}x${n}`)) continue;
    next = kept;
    console.log(`${m} × ${k} × ${n}`.padEnd(18) + row(m, k, n).join(""));
  }
}

function row(m, k, n) {
  const [x, g, y, dx, w] = [m * k, m * n, m * n, m * k, k * n].map((length) => take(length, true));
  const packed = take(wasm.packed_len(k, n));
  const packedTransposed = take(wasm.packed_len(n, k));
  wasm.pack(k, n, w, 1, k, packed);
  wasm.pack(n, k, w, k, 1, packedTransposed);
  const rounded = take(Math.ceil((m * wasm.rounded_bytes(k)) / 4));
  const inBytes = [];
  const forms = [
    () => wasm.gemm_packed(m, n, k, 1, x, k, 1, packed, 0, y, n, 0),
    () => wasm.gemm_packed(m, k, n, 1, g, n, 1, packedTransposed, 0, dx, k, 0),
  ];
  for (let format = 1; format < FORMATS.length; format++) {
    const stored = take(Math.ceil((n * wasm.stored_bytes(format, k)) / 4));
    if (format < 3) fill(stored, n * k);
    else {
      wasm.quantize_rows(0, w, k, n, format, stored);
      wasm.interleave_rows(format, k, n, stored, take(Math.ceil(wasm.stored_bytes(format, k))), 0);
    }
    const kept = format < 3 ? format : format + 2;
    forms.push(() => wasm.gemm_stored(m, n, k, 1, x, k, 1, kept, stored, 1, 0, y, n, 0));
    forms.push(() => wasm.gemm_stored(m, k, n, 1, g, n, 1, kept, stored, 0, 0, dx, k, 0));
    if (format >= 3)
      inBytes.push(() => {
        wasm.round_rows(x, k, m, kept, rounded);
        wasm.gemm_rounded(m, n, k, rounded, kept, stored, 0, y);
      });
  }
  forms.push(...inBytes);
  const counts = forms.map(calls);
  const times = forms.map(() => []);
  for (let round = 0; round < Number(rounds); round++)
    forms.forEach((run, i) => times[i].push(timed(run, counts[i]) / counts[i]));
  const rate = (i) => (2 * m * k * n) / median(times[i]) / 1e6;
  const ratio = (i, base) => median(times[i].map((time, round) => times[base][round] / time));
  const cell = (i, base) => `${rate(i).toFixed(1)}${i < 2 ? "" : ` (${ratio(i, base).toFixed(2)})`}`;
  const cells = FORMATS.map((_, f) => `${cell(2 * f, 0)}, ${cell(2 * f + 1, 1)}`.padEnd(WIDE));
  return [...cells, ...inBytes.map((_, i) => cell(2 * FORMATS.length + i, 0).padEnd(NARROW))];
}

/** Halves that are small numbers: patterns of sixteen bits around 1/4. */
function fill(pointer, count) {
  const halves = new Uint16Array(wasm.memory.buffer, pointer, count);
  for (let i = 0; i < count; i++) halves[i] = 0x3400 + Math.floor(Math.random() * 256);
}

function take(length, random = false) {
  const pointer = next;
  next += Math.ceil((length + 16) / 16) * 64;
  const missing = next - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / 65536));
  if (random)
    new Float32Array(wasm.memory.buffer, pointer, length).forEach((_, i, all) => (all[i] = Math.random() - 0.5));
  return pointer;
}

function chooseTile() {
  const scratch = take(wasm.probe_len());
  const tiles = Array.from({ length: wasm.tile_count() }, (_, i) => i);
  const speed = (tile) => {
    const run = () => wasm.probe_tile(tile, 100, scratch);
    const time = Math.min(...Array.from({ length: 30 }, () => timed(run, 1)));
    return (wasm.tile_rows(tile) * wasm.tile_columns(tile)) / time;
  };
  wasm.set_tile(tiles.reduce((best, tile) => (speed(tile) > speed(best) ? tile : best)));
}

function calls(run) {
  let count = 1;
  while (timed(run, count) < MILLISECONDS) count *= 2;
  return count;
}

function timed(run, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) run();
  return performance.now() - start;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

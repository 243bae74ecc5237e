// node scripts/bench-gemm.mjs [--build=simd,relaxed] [--tile=0] [--only=regexp] [--wasm=file] [--quick]
// Times the matrix kernels of a build against the peak measured in the same run: GFLOP/s and share of the peak, best
// of many. In Node 20 the relaxed build runs behind a V8 flag, which is set here.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

const options = Object.fromEntries(
  process.argv.slice(2).map((argument) => {
    const [name, value = "yes"] = argument.replace(/^--/, "").split("=");
    return [name, value];
  }),
);
const only = new RegExp(options.only ?? "");
const seconds = options.quick ? 0.05 : 0.3;

const squares = [128, 256, 512, 1024].map((n) => [n, n, n]);
const transformer = [
  [128, 384, 384],
  [128, 384, 1536],
  [128, 1536, 384],
  [512, 768, 768],
  [512, 768, 3072],
];
// M, K, N
const skinny = [
  [1, 384, 384],
  [2, 384, 384],
  [3, 384, 384],
  [512, 768, 8],
  [512, 8, 768],
  [422, 384, 4],
  [422, 384, 24],
  [8, 512, 768],
];
const edges = [
  [127, 129, 131],
  [129, 256, 129],
  [130, 300, 130],
  [133, 384, 389],
  [29, 32, 29],
  [7, 384, 384],
];
const tiny = [
  [4, 8, 8],
  [4, 8, 2],
  [4, 2, 8],
  [16, 16, 16],
];

for (const build of (options.build ?? "simd,relaxed").split(",")) await measure(build);

async function measure(build) {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  const file = options.wasm ?? new URL(`../build/wasm/${build}/lowrank_wasm_bg.wasm`, import.meta.url);
  const wasm = await instantiate(readFileSync(file));
  const memory = allocator(wasm.memory);

  const workspace = wasm.workspace_len(1);
  wasm.set_workspace(memory.take(workspace), workspace);
  const peak = peakMeter(wasm, memory);
  for (let i = 0; i < 200; i++) peak();
  console.log(`\n${build}, Node ${process.versions.node}: peak ${peak().toFixed(1)} GFLOP/s`);

  const scratch = memory.take(wasm.probe_len(), 0.5);
  for (let tile = 0; tile < wasm.tile_count(); tile++) {
    const [rows, columns] = [wasm.tile_rows(tile), wasm.tile_columns(tile)];
    const rate = best(() => wasm.probe_tile(tile, 100, scratch), 2 * rows * columns * 256 * 100);
    console.log(`tile ${tile}: ${rows}×${columns} ${rate.toFixed(1)} GFLOP/s, ${percent(rate / peak())}`);
  }
  wasm.set_tile(Number(options.tile ?? 0));
  memory.keep();

  const forms = ["A·B", "A·Bᵀ", "Aᵀ·B", "packed", "packedᵀ"];
  console.log(["M×K×N".padEnd(14), ...forms.map((form) => form.padStart(14))].join(""));
  for (const shape of [...squares, ...transformer, ...skinny, ...edges, ...tiny]) {
    if (!only.test(shape.join("x"))) continue;
    const cells = products(wasm, memory, shape).map((run) => {
      const before = peak();
      const [m, k, n] = shape;
      const rate = best(run, 2 * m * k * n);
      const time = (2 * m * k * n) / rate;
      const text = time < 2000 ? `${time.toFixed(0)} ns` : `${rate.toFixed(1)}`;
      return `${text} ${percent(rate / Math.max(before, peak()))}`.padStart(14);
    });
    console.log([shape.join("×").padEnd(14), ...cells].join(""));
    memory.reset();
  }
  lora(wasm, memory);
}

/** The product of one shape in every form. */
function products(wasm, memory, [m, k, n]) {
  const [a, b, c] = [memory.take(m * k), memory.take(k * n), memory.take(m * n)];
  const packed = memory.take(wasm.packed_len(k, n));
  const packedTransposed = memory.take(wasm.packed_len(n, k));
  wasm.pack(k, n, b, n, 1, packed);
  wasm.pack(n, k, b, k, 1, packedTransposed);
  return [
    () => wasm.gemm(m, n, k, 1, a, k, 1, b, n, 1, 0, c, n, 0, 0),
    () => wasm.gemm(m, n, k, 1, a, k, 1, b, 1, k, 0, c, n, 0, 0),
    () => wasm.gemm(m, n, k, 1, a, 1, m, b, n, 1, 0, c, n, 0, 0),
    () => wasm.gemm_packed(m, n, k, 1, a, k, 1, packed, 0, c, n, 0, 0),
    () => wasm.gemm_packed_transposed(m, n, k, 1, a, k, 1, packedTransposed, 0, c, n),
  ];
}

/** LoRA's own products: forward 4·t·r·(in + out), backward three times that less the part that is not wanted. */
function lora(wasm, memory) {
  for (const [t, input, output, rank] of [
    [4, 8, 8, 2],
    [128, 384, 384, 8],
    [128, 384, 1536, 8],
    [422, 384, 384, 8],
    [512, 768, 768, 8],
    [512, 768, 3072, 16],
  ]) {
    if (!only.test("lora")) return;
    const take = (length) => memory.take(length);
    const [x, y, g, gx] = [take(t * input), take(t * output), take(t * output), take(t * input)];
    const [a, b, u, ga, gb] = [
      take(input * rank),
      take(rank * output),
      take(t * rank),
      take(input * rank),
      take(rank * output),
    ];
    const scratch = take(wasm.lora_scratch_len(t, input, output, rank));
    const flops = 2 * t * rank * (input + output);
    const forward = best(() => wasm.lora_forward(t, input, output, rank, 1e-3, x, input, a, b, u, y, output), flops);
    const backward = best(
      () =>
        wasm.lora_backward(
          t,
          input,
          output,
          rank,
          1e-3,
          x,
          input,
          u,
          g,
          output,
          a,
          b,
          ga,
          0,
          gb,
          0,
          gx,
          input,
          scratch,
        ),
      2 * flops,
    );
    const text = (rate, flops) => `${rate.toFixed(1)} GFLOP/s, ${(flops / rate / 1000).toFixed(1)} µs`;
    console.log(
      `lora ${[t, input, output, rank]}: forward ${text(forward, flops)}, backward ${text(backward, 2 * flops)}`,
    );
    memory.reset();
  }
}

/** Instantiates without wasm-bindgen's glue: the kernels import nothing that they call in normal use. */
async function instantiate(bytes) {
  const module = await WebAssembly.compile(bytes);
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind === "function") (imports[from] ??= {})[name] = () => undefined;
  }
  return (await WebAssembly.instantiate(module, imports)).exports;
}

/** Pointers to fresh memory, 64-byte aligned, filled with small random numbers; `reset` gives back what came after setup. */
function allocator(memory) {
  let next = memory.buffer.byteLength;
  let mark = next;
  const take = (length, value) => {
    const pointer = next;
    next += Math.ceil((length + 16) / 16) * 64;
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    const array = new Float32Array(memory.buffer, pointer, length);
    for (let i = 0; i < length; i++) array[i] = value ?? Math.random() - 0.5;
    return pointer;
  };
  return {
    take,
    reset() {
      next = mark;
    },
    keep() {
      mark = next;
    },
  };
}

/** Measures the peak again and returns the highest seen so far, so that a busy moment never flatters a kernel. */
function peakMeter(wasm, memory) {
  const data = memory.take(wasm.peak_len());
  const iterations = 100_000;
  let most = 0;
  return () => {
    let least = Infinity;
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      wasm.peak(iterations, data);
      least = Math.min(least, performance.now() - start);
    }
    most = Math.max(most, (wasm.peak_flops() * iterations) / least / 1e6);
    return most;
  };
}

/** GFLOP/s of the fastest of many calls; short calls are timed in bunches. */
function best(run, flops) {
  for (const start = performance.now(); performance.now() - start < seconds * 300;) run();
  let count = 1;
  for (;;) {
    const start = performance.now();
    for (let i = 0; i < count; i++) run();
    if (performance.now() - start > 0.2) break;
    count *= 2;
  }
  let least = Infinity;
  let rounds = 0;
  for (const start = performance.now(); performance.now() - start < seconds * 1000 || rounds < 5; rounds++) {
    const begin = performance.now();
    for (let i = 0; i < count; i++) run();
    least = Math.min(least, (performance.now() - begin) / count);
  }
  return flops / least / 1e6;
}

function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

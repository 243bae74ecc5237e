// node scripts/bench/gemm.mjs [--build=simd,relaxed] [--threads=1] [--tile=best] [--only=regexp] [--quick]
// Times the matrix kernels of a build against the peak measured in the same run: GFLOP/s and share of the peak (of one
// core, times the threads), best of many. In Node 20 the relaxed build runs behind a V8 flag, which is set here.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

const M_K_N = [
  ...[128, 256, 512, 1024].map((n) => [n, n, n]),
  [128, 384, 384],
  [128, 384, 1536],
  [128, 1536, 384],
  [512, 768, 768],
  [512, 768, 3072],
  [1, 384, 384],
  [2, 384, 384],
  [3, 384, 384],
  [384, 384, 1],
  [512, 768, 8],
  [512, 8, 768],
  [422, 384, 4],
  [422, 384, 24],
  [8, 512, 768],
  [127, 129, 131],
  [133, 384, 389],
  [29, 32, 29],
  [7, 384, 384],
  [4, 8, 8],
  [4, 8, 2],
  [4, 2, 8],
  [16, 16, 16],
];
const LORA = [
  [4, 8, 8, 2],
  [128, 384, 384, 8],
  [128, 384, 1536, 8],
  [422, 384, 384, 8],
  [512, 768, 768, 8],
  [512, 768, 3072, 16],
];
const FORMS = ["A·B", "A·Bᵀ", "Aᵀ·B", "packed", "packedᵀ"];

const options = Object.fromEntries(
  process.argv.slice(2).map((argument) => {
    const [name, value = "yes"] = argument.replace(/^--/, "").split("=");
    return [name, value];
  }),
);
const threads = Number(options.threads ?? 1);
const only = new RegExp(options.only ?? "");
const seconds = options.quick ? 0.06 : 0.3;

if (!process.execArgv.length && Number(process.versions.node.split(".")[0]) < 22) {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
}
if (isMainThread) {
  for (const build of (options.build ?? "simd,relaxed").split(",")) await measure(build);
  process.exit(0);
} else {
  const { instantiate } = await glue(workerData.build);
  parentPort.postMessage("ready");
  instantiate(workerData).worker_loop();
}

async function measure(build) {
  const { wasm, shared } = await start(threads > 1 ? `${build}-threads` : build);
  const memory = allocator(shared ?? wasm.memory);
  const workspace = wasm.workspace_len(threads);
  wasm.set_workspace(memory.take(workspace), workspace);
  const peak = peakMeter(wasm, memory.take(wasm.peak_len()));
  for (let i = 0; i < 100; i++) peak();
  console.log(
    `\n${build}, ${threads} thread(s), Node ${process.versions.node}: peak of a core ${peak().toFixed(1)} GFLOP/s`,
  );
  wasm.set_tile(options.tile === undefined ? tiles(wasm, memory, peak) : Number(options.tile));
  memory.keep();

  console.log(["M×K×N".padEnd(14), ...FORMS.map((form) => form.padStart(14))].join(""));
  for (const shape of M_K_N) {
    if (!only.test(shape.join("x"))) continue;
    const flops = 2 * shape.reduce((a, b) => a * b);
    const cells = products(wasm, memory, shape).map((run) => {
      const rate = best(run, flops);
      const text = flops / rate < 2000 ? `${(flops / rate).toFixed(0)} ns` : rate.toFixed(1);
      return `${text} ${percent(rate / peak() / threads)}`.padStart(14);
    });
    console.log([shape.join("×").padEnd(14), ...cells].join(""));
    memory.reset();
  }
  for (const shape of LORA) {
    if (only.test(`lora${shape.join("x")}`)) console.log(lora(wasm, memory, shape));
    memory.reset();
  }
}

/** Prints what each register tile reaches and returns the best. */
function tiles(wasm, memory, peak) {
  const scratch = memory.take(wasm.probe_len());
  const rates = Array.from({ length: wasm.tile_count() }, (_, tile) => {
    const [rows, columns] = [wasm.tile_rows(tile), wasm.tile_columns(tile)];
    const rate = best(() => wasm.probe_tile(tile, 100, scratch), 2 * rows * columns * 256 * 100);
    console.log(`tile ${tile}: ${rows}×${columns} ${rate.toFixed(1)} GFLOP/s, ${percent(rate / peak())}`);
    return rate;
  });
  return rates.indexOf(Math.max(...rates));
}

/** The product of one shape in every form. */
function products(wasm, memory, [m, k, n]) {
  const [a, b, c] = [memory.take(m * k), memory.take(k * n), memory.take(m * n)];
  const packed = memory.take(wasm.packed_len(k, n));
  const packedTransposed = memory.take(wasm.packed_len(n, k));
  wasm.pack(k, n, b, n, 1, packed);
  wasm.pack(n, k, b, k, 1, packedTransposed);
  return [
    () => wasm.gemm(m, n, k, 1, a, k, 1, b, n, 1, 0, c, n, 0),
    () => wasm.gemm(m, n, k, 1, a, k, 1, b, 1, k, 0, c, n, 0),
    () => wasm.gemm(m, n, k, 1, a, 1, m, b, n, 1, 0, c, n, 0),
    () => wasm.gemm_packed(m, n, k, 1, a, k, 1, packed, 0, c, n, 0),
    () => wasm.gemm_packed_transposed(m, n, k, 1, a, k, 1, packedTransposed, 0, c, n),
  ];
}

/** LoRA's own products: forward 2·t·r·(in + out), both gradients and ∂x twice that. */
function lora(wasm, memory, [t, input, output, rank]) {
  const [x, gx] = [memory.take(t * input), memory.take(t * input)];
  const [y, g] = [memory.take(t * output), memory.take(t * output)];
  const [a, ga] = [memory.take(input * rank), memory.take(input * rank)];
  const [b, gb] = [memory.take(rank * output), memory.take(rank * output)];
  const [u, scratch] = [memory.take(t * rank), memory.take(wasm.lora_scratch_len(t, input, output, rank))];
  const flops = 2 * t * rank * (input + output);
  const operands = [t, input, output, rank, 1e-3, x, input];
  const forward = best(() => wasm.lora_forward(...operands, a, b, u, y, output), flops);
  const backward = best(
    () => wasm.lora_backward(...operands, u, g, output, a, b, ga, 0, gb, 0, gx, input, scratch),
    2 * flops,
  );
  const text = (rate, work) => `${rate.toFixed(1)} GFLOP/s, ${(work / rate / 1000).toFixed(1)} µs`;
  return `lora ${[t, input, output, rank]}: forward ${text(forward, flops)}, backward ${text(backward, 2 * flops)}`;
}

/** The glue of a build, and how an instance is made with it. */
async function glue(build) {
  const folder = new URL(`../../build/wasm/${build}/`, import.meta.url);
  const { initSync } = await import(new URL("lowrank_wasm.js", folder));
  return { folder, instantiate: (data) => initSync(data) };
}

/** An instance, with workers where the build has threads. */
async function start(build) {
  const { folder, instantiate } = await glue(build);
  const module = await WebAssembly.compile(readFileSync(new URL("lowrank_wasm_bg.wasm", folder)));
  if (threads === 1) return { wasm: instantiate({ module }) };
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 16384, shared: true });
  const wasm = instantiate({ module, memory });
  for (let i = 1; i < threads; i++) {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { build, module, memory },
      argv: process.argv.slice(2),
    });
    await new Promise((resolve) => worker.once("message", resolve));
  }
  wasm.set_threads(threads);
  return { wasm, shared: memory };
}

/** Pointers to fresh memory, 64-byte aligned, filled with small random numbers; `reset` gives back all since `keep`. */
function allocator(memory) {
  let next = memory.buffer.byteLength;
  let kept = next;
  return {
    take(length) {
      const pointer = next;
      next += Math.ceil((length + 16) / 16) * 64;
      const missing = next - memory.buffer.byteLength;
      if (missing > 0) memory.grow(Math.ceil(missing / 65536));
      const array = new Float32Array(memory.buffer, pointer, length);
      for (let i = 0; i < length; i++) array[i] = Math.random() - 0.5;
      return pointer;
    },
    keep: () => void (kept = next),
    reset: () => void (next = kept),
  };
}

/** Measures the peak again and returns the highest seen so far, so that a busy moment never flatters a kernel. */
function peakMeter(wasm, data) {
  const iterations = 100_000;
  let most = 0;
  return () => {
    for (let i = 0; i < 5; i++) {
      for (let form = 0; form < wasm.peak_forms(); form++) {
        const start = performance.now();
        wasm.peak(form, iterations, data);
        most = Math.max(most, (wasm.peak_flops(form) * iterations) / (performance.now() - start) / 1e6);
      }
    }
    return most;
  };
}

/** GFLOP/s of the fastest of many calls; short calls are timed in bunches. */
function best(run, flops) {
  let count = 1;
  for (let took = 0; took < 0.3; count *= 2) took = timed(run, count);
  let least = Infinity;
  let rounds = 0;
  for (const start = performance.now(); performance.now() - start < seconds * 1000 || rounds < 5; rounds++) {
    least = Math.min(least, timed(run, count) / count);
  }
  return flops / least / 1e6;
}

/**
 * Milliseconds of `count` runs. On a busy machine a run longer than a time slice is interrupted; with one thread the CPU
 * time says what it would have taken.
 */
function timed(run, count) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < count; i++) run();
  const wall = performance.now() - start;
  if (threads > 1 || wall < 10) return wall;
  const { user, system } = process.cpuUsage(used);
  return Math.min(wall, (user + system) / 1000);
}

function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

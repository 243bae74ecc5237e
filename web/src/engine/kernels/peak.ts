import relaxed from "lowrank/wasm/lowrank-relaxed.wasm?url";
import simd from "lowrank/wasm/lowrank-simd.wasm?url";

/** The binary's exports for the peak: multiply-adds in registers, in several variants. The fastest counts. */
interface Yardstick {
  readonly memory: WebAssembly.Memory;
  peak_forms(): number;
  peak_len(): number;
  peak_flops(form: number): number;
  peak(form: number, iterations: number, data: number): void;
}

const PAGE = 65536;
const ITERATIONS = 100_000;

/** Measures the peak of one thread. Each call returns the maximum so far, in billions per second. */
export async function peakMeter(build: "relaxed" | "simd"): Promise<() => number> {
  const response = await fetch(build === "relaxed" ? relaxed : simd);
  const nothing = { "./lowrank_wasm_bg.js": { __wbindgen_init_externref_table: () => undefined } };
  const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), nothing);
  const wasm = instance.exports as unknown as Yardstick;
  const data = wasm.memory.grow(Math.ceil((4 * wasm.peak_len()) / PAGE)) * PAGE;
  new Float32Array(wasm.memory.buffer, data, wasm.peak_len()).fill(0.5);
  let most = 0;
  return () => {
    for (let i = 0; i < 5; i++)
      for (let form = 0; form < wasm.peak_forms(); form++) {
        const start = performance.now();
        wasm.peak(form, ITERATIONS, data);
        most = Math.max(most, (wasm.peak_flops(form) * ITERATIONS) / (performance.now() - start) / 1e6);
      }
    return most;
  };
}

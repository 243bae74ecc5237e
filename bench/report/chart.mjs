import { loraShapes, matmulShapes } from "../shapes.mjs";
import { barChart } from "./bars.mjs";
import { newestRuntime } from "./results.mjs";
import { time } from "./tables.mjs";

/** Who is drawn, with which colours on light and on dark, and what they are called in the legend. */
const sides = {
  lowrank: { label: "lowrank", colour: ["#1a6fd4", "#6cb1ff"] },
  revectorized: { label: "lowrank, V8's revectorizer on", colour: ["#7fb2ee", "#3c6fa8"] },
  "jax-js": { label: "jax-js", colour: ["#8f5fb8", "#b48fd8"] },
  "tfjs-wasm": { label: "TensorFlow.js", colour: ["#cf7f2f", "#d9a066"] },
  "onnxruntime-web": { label: "ONNX Runtime Web 1.30", colour: ["#3f8f5f", "#74bb8f"] },
  "onnxruntime-web-training": { label: "its training build 1.19", colour: ["#9dbf8a", "#5f7f52"] },
  "pytorch-peft": { label: "PyTorch + PEFT (native)", colour: ["#c4525a", "#e07f86"] },
  "llama.cpp": { label: "llama.cpp (native)", colour: ["#b5892e", "#e0bd6a"] },
  "wllama 3": { label: "wllama 3", colour: ["#2f8f8f", "#66c2c2"] },
  "wllama 2": { label: "wllama 2", colour: ["#7a8794", "#9aa7b4"] },
};

/**
 * The results as a picture, for light and dark: products against each peer and the peak, then training steps, one thread
 * on the left and two on the right.
 */
export function chart(results, machine) {
  const runtime = newestRuntime(results);
  const columns = [1, 2].map((threads) => [
    productPanel(results, runtime, threads),
    stepPanel(results, runtime, threads),
    languagePanel(results, runtime, threads),
  ]);
  return barChart(columns, {
    sides,
    title: "lowrank beside its peers",
    subtitle: `${machine.processor}, ${machine.cores} cores; ${runtime.replace("node", "Node")}; fastest of many calls, each peer timed in turn with us`,
    description: "Bars of speed for matrix products and LoRA training steps; bench/results.json has the numbers.",
    footnote:
      "Of each side the faster of Node and Chromium. TensorFlow.js has two threads in pages only, ONNX Runtime's training build runs in pages only. Steps: longer is faster.",
  });
}

/** GFLOP/s of each shape, B packed beforehand where a side can. */
function productPanel(results, runtime, threads) {
  const peak = (results.peak(runtime, "relaxed") ?? 0) * threads;
  const groups = matmulShapes.map((shape) => {
    const label = shape.join("×");
    const bars = ["lowrank", "jax-js", "tfjs-wasm", "onnxruntime-web"].flatMap((side) => {
      const rows = ["matmul", "matmul frozen"].flatMap((name) =>
        find(results, { case: name, shape: label, peer: side, threads }, runtime),
      );
      const gflops = Math.max(0, ...rows.map((row) => row.gflops));
      return gflops > 0 ? [{ side, value: gflops, text: gflops.toFixed(1) }] : [];
    });
    return { label, bars };
  });
  const most = Math.max(peak, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value))) || 1;
  const title = `Matrix products m×k×n, GFLOP/s, ${count(threads)}`;
  const mark = peak > 0 ? { at: peak, text: `128-bit peak ${peak.toFixed(0)}` } : null;
  return { title, groups, most, mark };
}

/** Speed of each training step, the fastest side's bar being full. */
function stepPanel(results, runtime, threads) {
  const entries = [
    ...loraShapes.map((shape) => ["lora step", shape.join(","), shape.join(", ")]),
    ["encoder block", null, "encoder block"],
    ["minilm step", null, "MiniLM, 16 texts"],
  ];
  const groups = entries.map(([name, shape, label]) => {
    const fields = { case: name, threads, ...(shape === null ? {} : { shape }) };
    const bars = Object.keys(sides).flatMap((side) => {
      const row =
        side === "revectorized"
          ? results.row({ ...fields, peer: "lowrank", runtime: `${runtime} revectorized` })
          : find(results, { ...fields, peer: side }, runtime)[0];
      return row === undefined ? [] : [{ side, value: 1 / row.ms, text: time(row.ms) }];
    });
    const fastest = Math.max(...bars.map(({ value }) => value));
    return { label, bars: bars.map((bar) => ({ ...bar, value: bar.value / fastest })) };
  });
  const title = `LoRA training step (rows, in, out, rank), ${count(threads)}`;
  return { title, groups, most: 1, mark: null };
}

/** Tokens a second of a small language model, each group's fastest bar being full. */
function languagePanel(results, runtime, threads) {
  const groups = ["prompt", "generation"].map((kind) => {
    const bars = Object.keys(sides).flatMap((side) => {
      const rows = ["Q4_0", "Q4_1"].flatMap((shape) =>
        find(results, { case: `language ${kind}`, peer: side, threads, shape }, runtime),
      );
      const speed = Math.max(0, ...rows.map(({ tokensPerSecond }) => tokensPerSecond));
      return speed > 0 ? [{ side, value: speed, text: speed.toFixed(0) }] : [];
    });
    const fastest = Math.max(...bars.map(({ value }) => value));
    return { label: kind, bars: bars.map((bar) => ({ ...bar, value: bar.value / fastest })) };
  });
  return { title: `SmolLM2-135M in 4 bits, tokens/s, ${count(threads)}`, groups, most: 1, mark: null };
}

/** The faster of the row in the newest Node and that in a page, for us as for peers; or that in Python. */
function find(results, fields, runtime) {
  const build = fields.peer === "lowrank" ? { build: "relaxed" } : {};
  const rows = [runtime, "chromium", "python"].flatMap(
    (where) => results.row({ ...fields, ...build, runtime: where }) ?? [],
  );
  return rows.sort((a, b) => a.ms - b.ms).slice(0, 1);
}

function count(threads) {
  return `${threads} thread${threads > 1 ? "s" : ""}`;
}

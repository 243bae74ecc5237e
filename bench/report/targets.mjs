import { matmulShapes } from "../shapes.mjs";
import { newestRuntime } from "./results.mjs";
import { time, times } from "./tables.mjs";

const name = (shape) => shape.join("×");
/** Squares and layers; one row and LoRA's own products are bound by memory, not by arithmetic. */
const dense = matmulShapes.filter((shape) => Math.min(...shape) >= 128).map(name);
/** 128×384×384 and more. */
const shared = matmulShapes.filter(([m, k, n]) => m >= 128 && k >= 384 && n >= 384).map(name);
const wasmPeers = ["jax-js", "tfjs-wasm", "onnxruntime-web", "onnxruntime-web-training"];

/**
 * What was set as a goal, what was measured, and whether it is reached; `null` where the run has nothing to say.
 * A figure over several shapes is that of the worst.
 * @returns {{ what: string, goal: string, measured: string, reached: boolean | null }[]}
 */
export function targets(results) {
  const newest = newestRuntime(results);
  return [
    ...shareOfPeak(results, newest),
    transposes(results, newest),
    ...[1, 2].map((threads) => products(results, threads)),
    secondThread(results, newest),
    ...[1, 2].map((threads) => steps(results, threads)),
    overhead(results, newest),
    ...[1, 2].map((threads) => block(results, newest, threads)),
    ...minilm(results, newest),
    revectorized(results, newest),
    ...[1, 2].map((threads) => adapters(results, threads)),
    ...[1, 2].flatMap((threads) => language(results, threads)),
    ...startUp(results),
    ...downloads(results),
    memory(results),
  ];
}

function shareOfPeak(results, runtime) {
  return [
    ["relaxed", 0.92],
    ["simd", 0.85],
  ].map(([build, goal]) => {
    const rows = results.rows.filter(
      (r) =>
        r.peer === "lowrank" && r.case === "matmul" && r.runtime === runtime && r.threads === 1 && r.build === build,
    );
    const shares = rows.filter(({ shape }) => dense.includes(shape)).map((r) => [r.ofPeak, r.shape]);
    return worst(`matmul, one thread, ${build} build: share of the measured peak`, goal, shares, percent);
  });
}

function transposes(results, runtime) {
  const find = (form, shape) =>
    results.row({ case: form, shape, peer: "lowrank", runtime, threads: 1, build: "relaxed" })?.ms;
  const ratios = matmulShapes
    .map(name)
    .flatMap((shape) =>
      ["NT", "TN"].map((form) => [find("matmul", shape) / find(`matmul ${form}`, shape), `${form} ${shape}`]),
    );
  return worst(
    "A·Bᵀ and Aᵀ·B against A·B",
    0.95,
    ratios.filter(([ratio]) => Number.isFinite(ratio)),
    fixed,
  );
}

function products({ pairs }, threads) {
  const goal = threads === 1 ? 1.15 : 1.2;
  const found = wasmPairs(pairs, threads).filter(({ case: c }) => c === "matmul" || c === "matmul frozen");
  const what = `matmul against the best WASM peer at each shape, ${threads} thread${threads > 1 ? "s" : ""}`;
  return worst(what, goal, found.map(labelled), times);
}

function secondThread(results, runtime) {
  const find = (shape, threads) =>
    results.row({ case: "matmul", shape, peer: "lowrank", runtime, threads, build: "relaxed" })?.ms;
  const ratios = shared.map((shape) => [find(shape, 1) / find(shape, 2), shape]);
  const what = "two threads against one, shapes of 128×384×384 and more";
  return worst(
    what,
    1.85,
    ratios.filter(([ratio]) => Number.isFinite(ratio)),
    times,
  );
}

function steps({ pairs }, threads) {
  const found = wasmPairs(pairs, threads).filter(({ case: c }) => c === "lora step");
  const what = `LoRA step against the best WASM peer at each shape, ${threads} thread${threads > 1 ? "s" : ""}`;
  return worst(what, threads === 1 ? 1.5 : 1.75, found.map(labelled), times);
}

function overhead(results, runtime) {
  const row = results.row({
    case: "lora step",
    shape: "4,8,8,2",
    peer: "lowrank",
    runtime,
    threads: 1,
    build: "relaxed",
  });
  return atMost("LoRA step at 4, 8, 8, 2", 0.02, row?.ms, time);
}

function block({ pairs }, runtime, threads) {
  const found = pairs.filter(
    (p) => p.case === "encoder block" && p.peer === "jax-js" && p.runtime === runtime && p.threads === threads,
  );
  const what = `encoder block step against jax-js, ${threads} thread${threads > 1 ? "s" : ""}`;
  return worst(what, threads === 1 ? 2.2 : 3.5, found.map(labelled), times);
}

function minilm({ pairs }, newest) {
  return [
    [newest, 1],
    [`${newest} revectorized`, 0.75],
  ].map(([runtime, goal]) => {
    const pair = pairs.find(
      (p) => p.case === "minilm step" && p.peer === "pytorch-peft" && p.runtime === runtime && p.threads === 2,
    );
    const how = runtime === newest ? "" : ", revectorized";
    return atMost(
      `MiniLM step, two threads${how}: share of PyTorch + PEFT's time`,
      goal,
      pair && 1 / pair.ratio,
      fixed,
    );
  });
}

function revectorized(results, newest) {
  const ratios = dense.map((shape) => {
    const runtime = `${newest} revectorized`;
    const row = results.row({ case: "matmul", shape, peer: "lowrank", runtime, threads: 1, build: "relaxed" });
    return [row?.ofPeak, shape];
  });
  const found = ratios.filter(([ratio]) => Number.isFinite(ratio));
  return worst("with revectorize, matmul against the 128-bit peak", 1.4, found, times);
}

function adapters({ pairs }, threads) {
  const pair = pairs.find((p) => p.case === "adapters" && p.peer === "one adapter" && p.threads === threads);
  const what = `sixteen adapters in a batch against one, ${threads} thread${threads > 1 ? "s" : ""}`;
  return atMost(what, 1.15, pair && 1 / pair.ratio, fixed);
}

/** Against the better wllama, in Chromium; and against native llama.cpp, which has AVX. */
function language({ pairs }, threads) {
  const goals = [
    ["prompt", "wllama", 8],
    ["generation", "wllama", 4],
    ["prompt", "llama.cpp", 0.8],
    ["generation", "llama.cpp", 0.9],
  ];
  return goals.map(([kind, peer, goal]) => {
    const found = pairs.filter(
      (p) => p.case === `language ${kind}` && p.peer.startsWith(peer) && p.threads === threads,
    );
    const plain = ({ shape, runtime }) => shape === "Q4_0" && !runtime.includes("revectorized");
    const chosen = peer === "wllama" ? found : found.filter(plain);
    const what = `SmolLM2-135M ${kind} against ${peer === "wllama" ? "the better wllama" : "llama.cpp, Q4_0"}, ${threads} thread${threads > 1 ? "s" : ""}`;
    return worst(
      what,
      goal,
      chosen.map(({ ratio, peer }) => [ratio, peer]),
      times,
    );
  });
}

function startUp(results) {
  return [
    [1, 15],
    [2, 60],
  ].map(([threads, goal]) => {
    const row = results.row({ case: "start-up", shape: "init", peer: "lowrank", threads });
    return atMost(`init, cached file, ${threads === 1 ? "one thread" : "with pool"}`, goal, row?.median, time);
  });
}

function downloads(results) {
  const ours = results.downloads.find(({ peer }) => peer === "lowrank");
  const kilobytes = (size) => `${size.toFixed(0)} kB`;
  return [
    atMost("one WASM binary, gzip", 100, ours?.wasm, kilobytes),
    atMost("JS of the core, minified, gzip", 25, ours?.js, kilobytes),
  ];
}

function memory(results) {
  const run = results.memory.find(({ what }) => what === "long");
  const measured = run === undefined ? "" : run.same ? "constant" : `${run.before} → ${run.after} bytes`;
  return { what: "memory over 10,000 steps", goal: "constant", measured, reached: run?.same ?? null };
}

function wasmPairs(pairs, threads) {
  return pairs.filter(
    (p) =>
      wasmPeers.includes(p.peer) &&
      p.threads === threads &&
      p.build === "relaxed" &&
      !p.runtime.includes("revectorized"),
  );
}

function labelled({ ratio, shape, peer, runtime, case: c }) {
  return [ratio, [c === "matmul frozen" ? "packed" : "", shape, peer, runtime].filter(Boolean).join(" ")];
}

function worst(what, goal, found, format) {
  if (found.length === 0) return { what, goal: `≥ ${format(goal)}`, measured: "", reached: null };
  const sorted = [...found].sort(([a], [b]) => a - b);
  const [[least, where], [most]] = [sorted[0], sorted.at(-1)];
  const missed = sorted.filter(([value]) => value < goal).length;
  const range = found.length > 1 ? ` to ${format(most)}` : "";
  const count = missed === 0 ? "" : `; ${missed} of ${found.length} below`;
  const measured = `${format(least)}${range}${found.length > 1 ? ` (least: ${where}${count})` : ""}`;
  return { what, goal: `≥ ${format(goal)}`, measured, reached: least >= goal };
}

function atMost(what, goal, value, format) {
  if (value === undefined) return { what, goal: `≤ ${format(goal)}`, measured: "", reached: null };
  return { what, goal: `≤ ${format(goal)}`, measured: format(value), reached: value <= goal };
}

function fixed(value) {
  return value.toFixed(2);
}

function percent(share) {
  return `${Number((100 * share).toFixed(1))} %`;
}

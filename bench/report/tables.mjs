const native = ["torch", "numpy"];

/** Text tables of everything that was measured: times and speeds are of the fastest call, of the middle one in brackets. */
export function allTables(results) {
  const settings = unique(results.rows.filter(({ case: c }) => /^(matmul|lora step)/.test(c)).map(settingKey));
  return [
    ...settings.flatMap((key) => settingTables(results, JSON.parse(key))),
    ...minilmTable(results),
    ...languageTable(results),
    ...startUpTable(results),
    ...memoryTable(results),
    ...downloadTable(results),
  ];
}

function settingKey({ runtime, threads, build, peer }) {
  return peer === "lowrank" ? JSON.stringify({ runtime, threads, build }) : null;
}

/** Products and training steps of one runtime, build and number of threads. */
function settingTables(results, { runtime, threads, build }) {
  const where = `${runtime}, ${build} build, ${threads} thread${threads > 1 ? "s" : ""}`;
  const ours = results.rows.filter(
    (r) => r.peer === "lowrank" && r.runtime === runtime && r.threads === threads && r.build === build,
  );
  const pairs = results.pairs.filter(
    (p) => p.case !== "minilm step" && p.runtime === runtime && p.threads === threads && p.build === build,
  );
  const peers = unique(pairs.map(({ peer }) => peer));
  const theirs = (peer, row) => {
    const pair = pairs.find((p) => p.peer === peer && p.case === row.case && p.shape === row.shape);
    return pair === undefined ? "" : `${times(pair.ratio)}`;
  };
  const peak = results.peak(runtime, build);
  const headings = peers.map((peer) => (native.includes(peer) ? `× ${peer} (native)` : `× ${peer}`));
  const products = ours.filter(({ case: name }) => name.startsWith("matmul"));
  const steps = ours.filter(({ case: name }) => /^(lora step|encoder block)/.test(name));
  const tables = [];
  if (products.length > 0) {
    const title = `Matrix products, ${where}; 128-bit peak ${peak.toFixed(1)} GFLOP/s a thread`;
    const rows = products.map((row) => [
      row.case,
      row.shape,
      `${row.gflops.toFixed(1)} (${((row.gflops * row.ms) / row.median).toFixed(1)})`,
      percent(row.ofPeak),
      ...peers.map((peer) => theirs(peer, row)),
    ]);
    tables.push(table(title, ["case", "m×k×n", "GFLOP/s", "of peak", ...headings], rows));
  }
  if (steps.length > 0) {
    const rows = steps.map((row) => [row.case, row.shape, timeCell(row), ...peers.map((peer) => theirs(peer, row))]);
    tables.push(table(`Training steps, ${where}`, ["case", "rows,in,out,rank", "time", ...headings], rows));
  }
  return tables;
}

/** Times of this checkout over another's, the slowest first: of the fastest call, and of the middle one. */
export function againstTable({ pairs }) {
  const found = pairs.filter(({ peer }) => peer === "before").sort((a, b) => a.ratio - b.ratio);
  const rows = found.map(({ case: name, shape, build, threads, ours, theirs, ratio, medianRatio }) => [
    name,
    shape,
    build,
    String(threads),
    time(theirs),
    time(ours),
    (1 / ratio).toFixed(3),
    (1 / medianRatio).toFixed(3),
  ]);
  const slower = found.filter(({ ratio }) => ratio < 1 / 1.02).length;
  const title = `Beside the other checkout: ${slower} of ${found.length} slower by more than 2 %`;
  return table(title, ["case", "shape", "build", "threads", "before", "now", "now/before", "of medians"], rows, 3);
}

/** The side that fine-tuning is measured against. */
const PYTORCH = "pytorch-peft";

function minilmTable({ rows, pairs }) {
  const steps = rows.filter(({ case: name }) => name === "minilm step");
  if (steps.length === 0) return [];
  const body = steps.map((row) => {
    // Another checkout's time stands in the table of those.
    const pair = pairs.find(
      (p) => p.peer === PYTORCH && p.case === row.case && p.runtime === row.runtime && p.threads === row.threads,
    );
    const share = row.peer === "lowrank" && pair !== undefined ? (1 / pair.ratio).toFixed(2) : "";
    const setting = [row.runtime, String(row.threads)];
    return [row.peer, ...setting, timeCell(row), Math.round(row.tokensPerSecond).toLocaleString("en"), share];
  });
  const headings = ["side", "runtime", "threads", "a step", "real tokens/s", "time of PyTorch's"];
  return [table("Fine-tuning all-MiniLM-L6-v2, LoRA r 8 on q, k, v, 16 texts a step", headings, body)];
}

function languageTable({ rows }) {
  const found = rows.filter(({ case: name }) => name === "language prompt");
  if (found.length === 0) return [];
  const speed = (row, name) => {
    const { tokensPerSecond, ms, median } = rows.find((r) => r.case === name && sameSide(r, row));
    return `${tokensPerSecond.toFixed(1)} (${((tokensPerSecond * ms) / median).toFixed(1)})`;
  };
  const body = found.map((row) => {
    const cases = ["language prompt", "language generation"].map((name) => speed(row, name));
    return [row.peer, row.runtime, row.shape, String(row.threads), ...cases];
  });
  const headings = ["side", "runtime", "weights", "threads", "prompt of 128, tokens/s", "generation, tokens/s"];
  return [table("SmolLM2-135M-Instruct from a GGUF file", headings, body, 3)];
}

function sameSide(row, other) {
  return ["peer", "runtime", "shape", "threads", "build"].every((field) => row[field] === other[field]);
}

function startUpTable({ rows }) {
  const found = rows.filter(({ case: name }) => name === "start-up");
  if (found.length === 0) return [];
  const body = found.map((row) => [row.peer, String(row.threads), row.shape, timeCell(row)]);
  return [table(`Start-up in a new process, ${found[0].runtime}`, ["", "threads", "until", "time"], body)];
}

function memoryTable({ memory }) {
  if (memory.length === 0) return [];
  const body = memory.map(({ what, peer, shape, steps, before, after, unit }) => [
    { peak: "most memory", undisposed: "nothing disposed", long: "linear memory" }[what],
    peer,
    `${steps.toLocaleString("en")} steps of ${shape}`,
    `${Math.round(before).toLocaleString("en")} → ${Math.round(after).toLocaleString("en")} ${unit}`,
  ]);
  return [table(`Memory, ${memory[0].runtime}`, ["what", "", "work", "before → after"], body)];
}

function downloadTable({ downloads }) {
  if (downloads.length === 0) return [];
  const body = downloads.map(({ peer, wasm, js }) => [
    peer,
    wasm === null ? "made by its JS" : `${wasm.toFixed(0)} kB`,
    `${js.toFixed(0)} kB`,
  ]);
  return [table("Downloads of a page that multiplies two matrices, gzip", ["", "binary", "JavaScript"], body)];
}

/** A title and aligned columns; all but the first two are to the right. */
export function table(title, headings, rows, alignLeft = 2) {
  const all = [headings, ...rows];
  const widths = headings.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) =>
    row
      .map((cell, i) => (i < alignLeft ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [title, line(headings), rule, ...rows.map(line)].join("\n");
}

export function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

export function times(ratio) {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}×`;
}

/** A time of milliseconds, readable. */
export function time(ms) {
  if (ms < 0.1) return `${(1000 * ms).toPrecision(3)} µs`;
  return ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

function timeCell({ ms, median }) {
  return `${time(ms)} (${time(median)})`;
}

function unique(values) {
  return [...new Set(values)].filter((value) => value !== null);
}

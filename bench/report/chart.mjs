import { loraShapes, matmulShapes } from "../shapes.mjs";
import { newestRuntime } from "./results.mjs";
import { time } from "./tables.mjs";

const WIDTH = 880;
const COLUMN = { width: 416, label: 118, bars: 216 };
const MARGIN = 24;
const BAR = { height: 9, gap: 2, group: 10 };
const HEAD = 30;

/** Who is drawn, and what they are called in the legend. */
const sides = {
  lowrank: "lowrank",
  revectorized: "lowrank, V8's revectorizer on",
  "jax-js": "jax-js",
  "tfjs-wasm": "TensorFlow.js",
  "onnxruntime-web": "ONNX Runtime Web 1.30",
  "onnxruntime-web-training": "its training build 1.19",
  "pytorch-peft": "PyTorch + PEFT (native)",
};

const STYLE = `
  svg { color-scheme: light dark; --page: #ffffff; --ink: #1f2328; --quiet: #656d76; --grid: #e4e7eb; --lowrank: #1a6fd4; --more: #7fb2ee; --jax: #8f5fb8; --tfjs: #cf7f2f; --ort: #3f8f5f; --train: #9dbf8a; --torch: #c4525a; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #15181d; --ink: #e8eaed; --quiet: #9aa4b0; --grid: #2b3038; --lowrank: #6cb1ff; --more: #3c6fa8; --jax: #b48fd8; --tfjs: #d9a066; --ort: #74bb8f; --train: #5f7f52; --torch: #e07f86; }
  }
  text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--quiet); }
  .page { fill: var(--page); }
  .title { font-size: 18px; font-weight: 600; fill: var(--ink); }
  .panel { font-size: 13px; font-weight: 600; fill: var(--ink); }
  .value { font-size: 10px; paint-order: stroke; stroke: var(--page); stroke-width: 3px; stroke-linejoin: round; }
  .ours { fill: var(--ink); font-weight: 600; }
  .axis { stroke: var(--grid); stroke-width: 1; }
  .peak { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; }
  .lowrank { fill: var(--lowrank); } .revectorized { fill: var(--more); } .jax-js { fill: var(--jax); } .tfjs-wasm { fill: var(--tfjs); }
  .onnxruntime-web { fill: var(--ort); } .onnxruntime-web-training { fill: var(--train); } .pytorch-peft { fill: var(--torch); }
`;

/**
 * The results as a picture, for light and dark: products against each peer and the peak, then training steps, one thread
 * on the left and two on the right.
 */
export function chart(results, machine) {
  const runtime = newestRuntime(results);
  const columns = [1, 2].map((threads) => [
    productPanel(results, runtime, threads),
    stepPanel(results, runtime, threads),
  ]);
  const heights = [0, 1].map((i) => Math.max(...columns.map((panels) => panels[i].height)));
  const used = new Set(
    columns.flat().flatMap((panel) => panel.groups.flatMap(({ bars }) => bars.map(({ side }) => side))),
  );
  const legend = legendRows(Object.keys(sides).filter((side) => used.has(side)));
  const top = 70 + legend.height;
  const height = top + heights[0] + heights[1] + 44;
  const drawn = columns.flatMap((panels, column) =>
    panels.map((panel, i) => drawPanel(panel, MARGIN + column * COLUMN.width, top + (i === 0 ? 0 : heights[0]))),
  );
  const where = `${machine.processor}, ${machine.cores} cores; ${runtime.replace("node", "Node")}; fastest of many calls, each peer timed in turn with us`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">lowrank beside its peers</title>
<desc id="description">Bars of speed for matrix products and LoRA training steps; bench/results.json has the numbers.</desc>
<style>${STYLE}</style>
<rect class="page" width="100%" height="100%"/>
<text class="title" x="${MARGIN}" y="34">lowrank beside its peers</text>
<text x="${MARGIN}" y="54">${escape(where)}</text>
<g transform="translate(${MARGIN} 78)">${legend.svg}</g>
${drawn.join("\n")}
<text class="value" x="${MARGIN}" y="${height - 14}">Of each side the faster of Node and Chromium. TensorFlow.js has two threads in pages only, ONNX Runtime's training build runs in pages only. Steps: longer is faster.</text>
</svg>
`;
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
  return panel(title, groups, most, { at: peak, text: `128-bit peak ${peak.toFixed(0)}` });
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
  return panel(`LoRA training step (rows, in, out, rank), ${count(threads)}`, groups, 1, null);
}

/** The faster of the row in the newest Node and that in a page, for us as for peers; or that in Python. */
function find(results, fields, runtime) {
  const build = fields.peer === "lowrank" ? { build: "relaxed" } : {};
  const rows = [runtime, "chromium", "python"].flatMap(
    (where) => results.row({ ...fields, ...build, runtime: where }) ?? [],
  );
  return rows.sort((a, b) => a.ms - b.ms).slice(0, 1);
}

function panel(title, groups, most, mark) {
  const filled = groups.filter(({ bars }) => bars.length > 0);
  const rows = filled.reduce((sum, { bars }) => sum + groupHeight(bars), 0);
  return { title, groups: filled, most, mark: mark?.at > 0 ? mark : null, height: HEAD + rows + 26 };
}

function groupHeight(bars) {
  return bars.length * (BAR.height + BAR.gap) + BAR.group;
}

function drawPanel({ title, groups, most, mark }, x, y) {
  if (groups.length === 0) return "";
  const parts = [`<text class="panel" x="0" y="14">${escape(title)}</text>`];
  const from = COLUMN.label;
  const bottom = HEAD + groups.reduce((sum, { bars }) => sum + groupHeight(bars), 0) - BAR.group + 2;
  if (mark !== null) {
    const line = (from + (COLUMN.bars * mark.at) / most).toFixed(1);
    parts.push(
      `<line class="peak" x1="${line}" x2="${line}" y1="${HEAD - 4}" y2="${bottom}"/>` +
        `<text class="value" x="${line}" y="${bottom + 12}" text-anchor="middle">${escape(mark.text)}</text>`,
    );
  }
  let at = HEAD;
  for (const { label, bars } of groups) {
    const middle = at + (bars.length * (BAR.height + BAR.gap)) / 2 + 3;
    parts.push(`<text x="${from - 8}" y="${middle.toFixed(1)}" text-anchor="end">${escape(label)}</text>`);
    for (const { side, value, text } of bars) {
      const width = Math.max(1, (COLUMN.bars * value) / most).toFixed(1);
      const ours = side === "lowrank" ? " ours" : "";
      parts.push(
        `<rect class="${side}" x="${from}" y="${at}" width="${width}" height="${BAR.height}" rx="1"/>` +
          `<text class="value${ours}" x="${(from + Number(width) + 5).toFixed(1)}" y="${at + BAR.height - 1}">${escape(text)}</text>`,
      );
      at += BAR.height + BAR.gap;
    }
    at += BAR.group;
  }
  parts.push(`<line class="axis" x1="${from - 0.5}" x2="${from - 0.5}" y1="${HEAD - 4}" y2="${bottom}"/>`);
  return `<g transform="translate(${x} ${y})">${parts.join("")}</g>`;
}

function legendRows(names) {
  let [x, y] = [0, 0];
  const parts = names.map((side) => {
    const width = 42 + 6.9 * sides[side].length;
    if (x + width > WIDTH - 2 * MARGIN) [x, y] = [0, y + 18];
    const entry = `<rect class="${side}" x="${x}" y="${y - 9}" width="12" height="9" rx="1"/><text x="${x + 18}" y="${y}">${escape(sides[side])}</text>`;
    x += width;
    return entry;
  });
  return { svg: parts.join(""), height: 30 + y };
}

function count(threads) {
  return `${threads} thread${threads > 1 ? "s" : ""}`;
}

function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

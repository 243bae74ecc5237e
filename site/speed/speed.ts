import {
  adapterLines,
  GPU_HEADING,
  type GpuReport,
  gpuRows,
  measureGpu,
  wasmLine,
} from "../../ts/cli/timing/gpu-timing.js";
import { MINILM, SMOLLM2, withRandomWeights } from "../../ts/cli/timing/models/measured-model.js";
import { createEngine } from "../../ts/entry/browser.js";
import { SMALL } from "./small-shapes.js";

const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const [measure, save] = [element<HTMLButtonElement>("measure"), element<HTMLButtonElement>("save")];
const [progress, table, omitted] = [element("progress"), element<HTMLTableElement>("table"), element("omitted")];

const query = new URLSearchParams(location.search);
/** Seconds for each piece of work on each engine; `?seconds=` changes it. */
const seconds = Number(query.get("seconds")) || 0.5;
/** `?models=small`: of two layers, which a software adapter computes too. */
const isSmall = query.get("models") === "small";
const models = (isSmall ? SMALL : [MINILM, SMOLLM2]).map((shape) => withRandomWeights(shape, isSmall));

measure.addEventListener("click", () => void run());
void begin();

/** The button is enabled only where there is something to measure. */
async function begin(): Promise<void> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  if (gpu === undefined)
    return say(
      "This browser has no WebGPU (navigator.gpu). Use a current Chrome, Edge, Safari or Firefox, over HTTPS or from localhost.",
    );
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (adapter === null)
    return say(
      "This browser offers no GPU, so there is nothing to measure: this machine has none, the browser does not accept its driver, or hardware acceleration is turned off in the browser's settings.",
    );
  measure.disabled = false;
}

async function run(): Promise<void> {
  measure.disabled = true;
  save.hidden = true;
  say("Starting both engines…");
  try {
    show(await report());
  } catch (error) {
    say(`It failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  measure.disabled = false;
}

/** Both engines are closed afterwards, so that the page can measure again. */
async function report(): Promise<GpuReport> {
  const wasm = await createEngine();
  try {
    const gpu = await createEngine({ device: "webgpu", threads: 1 });
    try {
      return await measureGpu(gpu, wasm, {
        seconds,
        models,
        tokens: isSmall ? 8 : 512,
        runtime: navigator.userAgent,
        onWork: ({ title, done, of }) => say(`${done + 1} of ${of}: ${title}`),
      });
    } finally {
      await gpu.close();
    }
  } finally {
    await wasm.close();
  }
}

function show(report: GpuReport): void {
  const { adapter, wasm } = report;
  say(...adapterLines(adapter), wasmLine(wasm));
  const row = (cells: readonly string[], name: "th" | "td") => {
    const line = document.createElement("tr");
    for (const cell of cells) line.append(Object.assign(document.createElement(name), { textContent: cell }));
    return line;
  };
  table.replaceChildren(row(GPU_HEADING, "th"), ...gpuRows(report).map((cells) => row(cells, "td")));
  table.hidden = false;
  omitted.textContent =
    report.omitted.length === 0 ? "" : `Omitted on a software adapter: ${report.omitted.join(", ")}`;
  save.hidden = false;
  save.onclick = () => download(report);
}

function download(report: GpuReport): void {
  const file = new Blob([JSON.stringify(report, null, 2)], { type: "application/json" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: "gpu.json" });
  link.click();
  URL.revokeObjectURL(link.href);
}

function say(...lines: readonly string[]): void {
  progress.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
}

import { stopwatch } from "../../waiting/next-task.js";
import type { Command } from "commander";
import { readdirSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { detectFeatures } from "../../engine/features.js";
import { type EngineInfo, Graph } from "../../entry/node.js";
import { cacheFolder } from "../../io/node/index.js";
import { makeFolder } from "../../io/node/folders.js";
import { DEFAULT_MODEL } from "../../training/spec/shared-fields.js";
import { enableRelaxedSimd, startEngine } from "../engine-start.js";
import { exitCodes, type Session } from "../session.js";
import { formatBytes, formatThreads } from "../terminal/number-format.js";
import { VERSION } from "../../version.js";
import { tableLines } from "../terminal/terminal.js";

const EXAMPLES = `
Examples:
  lowrank doctor
  lowrank doctor --json
`;

/** A "note" is not a problem. */
type Verdict = "ok" | "note" | "missing";

/** One check. */
interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** Side of the square matrices for measuring speed, and for how long. */
const SIDE = 384;
const MEASURE_MS = 200;

/** `lowrank doctor`: checks this machine. */
export function defineDoctor(program: Command, session: Session): void {
  program
    .command("doctor")
    .description("check this machine: runtime, WebAssembly features, kernels and their self-test, memory, cache")
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action(({ json }: { json: boolean }) => doctor(json, session));
}

async function doctor(json: boolean, session: Session): Promise<void> {
  const { terminal, self } = session;
  const checks = [
    runtimeCheck(),
    machineCheck(),
    ...featureChecks(),
    ...(await engineChecks()),
    ...(await cacheChecks(self)),
  ];
  const well = checks.every(({ verdict }) => verdict !== "missing");
  session.exitCode = well ? exitCodes.ok : exitCodes.error;
  if (json) {
    terminal.print(JSON.stringify({ lowrank: VERSION, well, checks }));
    return;
  }
  const { green, yellow, red, dim } = terminal.colors;
  const marks: Record<Verdict, string> = { ok: green("✓"), note: yellow("–"), missing: red("✗") };
  const lines = tableLines(checks.map(({ name, found }) => [name, found]));
  terminal.print(`lowrank ${VERSION}`);
  checks.forEach(({ verdict, advice }, i) => {
    terminal.print(`${marks[verdict]} ${lines[i]!}`);
    if (advice !== undefined) terminal.print(dim(`    ${advice}`));
  });
  terminal.print(well ? "Everything works." : red("Something is missing; see above."));
}

function runtimeCheck(): Check {
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  const supported = major > 20 || (major === 20 && minor >= 19);
  const found = `Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.platform} ${process.arch}`;
  if (supported) return { name: "runtime", verdict: "ok", found };
  return {
    name: "runtime",
    verdict: "missing",
    found,
    advice: "Node 20.19 or later is needed, from nodejs.org or `npm install --global n && n 22`",
  };
}

function machineCheck(): Check {
  const processors = cpus();
  const found = `${processors.length} × ${processors[0]?.model.trim() ?? "unknown processor"}, ${formatBytes(freemem())} of ${formatBytes(totalmem())} memory free`;
  return { name: "machine", verdict: "ok", found };
}

function featureChecks(): Check[] {
  const without = detectFeatures();
  enableRelaxedSimd();
  const features = detectFeatures();
  const switched = features.relaxedSimd && !without.relaxedSimd;
  return [
    features.simd
      ? { name: "SIMD", verdict: "ok", found: "yes" }
      : {
          name: "SIMD",
          verdict: "missing",
          found: "no",
          advice: "the kernels need it; start Node without --no-enable-sse4-1 and similar flags, or use Node 22",
        },
    features.relaxedSimd
      ? {
          name: "relaxed SIMD",
          verdict: "ok",
          found: switched ? "yes, enabled by --experimental-wasm-relaxed-simd" : "yes",
          ...(switched && {
            advice:
              "this command enables it itself; for scripts on Node 20 use `node --experimental-wasm-relaxed-simd script.js`; " +
              "without it they take about a third longer (`engineInfo().build` says which build runs)",
          }),
        }
      : {
          name: "relaxed SIMD",
          verdict: "note",
          found: "no: products take about a third longer",
          advice: "Node 22 has it; Node 20 with `node --experimental-wasm-relaxed-simd`",
        },
    features.threads
      ? { name: "threads", verdict: "ok", found: "yes" }
      : { name: "threads", verdict: "note", found: "no shared memory: everything runs on one thread" },
  ];
}

async function engineChecks(): Promise<Check[]> {
  let info: EngineInfo;
  try {
    info = await startEngine({});
  } catch (error) {
    const advice = "run `npm run setup` in the repository, or `npm install lowrank` again, to get the kernels";
    return [
      { name: "kernels", verdict: "missing", found: error instanceof Error ? error.message : String(error), advice },
    ];
  }
  const { build, relaxedRefused, threads, tile, memory } = info;
  return [
    {
      name: "kernels",
      verdict: "ok",
      found: `${build} build, ${formatThreads(threads)}, tile ${tile.rows}×${tile.columns}, self-test passed`,
      advice:
        relaxedRefused === null
          ? "the fastest build, with fused multiply-add"
          : `not the relaxed build, which is faster: ${relaxedRefused}`,
    },
    {
      name: "linear memory",
      verdict: "ok",
      found: `${formatBytes(memory.reserved)} reserved, grows to ${formatBytes(memory.maximum)}`,
    },
    { name: "speed", verdict: "ok", found: `${gigaflops().toFixed(1)} GFLOP/s in a ${SIDE}³ matrix product` },
  ];
}

/** The fastest of the products that fit into the time, after one warm-up. */
function gigaflops(): number {
  const graph = new Graph();
  try {
    const square = { shape: [SIDE, SIDE], data: new Float32Array(SIDE * SIDE).fill(0.5) };
    const [a, b] = [graph.constant(square), graph.constant(square)];
    const product = () => graph.step(() => graph.matmul(a, b));
    product();
    let best = Infinity;
    for (const total = stopwatch(); total() < MEASURE_MS;) {
      const call = stopwatch();
      product();
      best = Math.min(best, call());
    }
    return (2 * SIDE ** 3) / best / 1e6;
  } finally {
    graph.dispose();
  }
}

async function cacheChecks(self: string): Promise<Check[]> {
  const cache = cacheFolder();
  const failure = await makeFolder(cache)
    .then(() => access(cache, constants.W_OK))
    .then(
      () => null,
      (error: unknown) => String(error),
    );
  if (failure !== null) {
    const advice = "name a folder that can be written to: export LOWRANK_CACHE=/some/folder";
    return [{ name: "cache", verdict: "missing", found: `${cache} cannot be written to: ${failure}`, advice }];
  }
  const models = cachedModels(cache);
  return [
    { name: "cache", verdict: "ok", found: cache },
    models.includes(DEFAULT_MODEL)
      ? { name: "models", verdict: "ok", found: models.join(", ") }
      : {
          name: "models",
          verdict: "note",
          found: [`${DEFAULT_MODEL} is not downloaded yet (91 MB)`, ...models].join(", "),
          advice: `it downloads on first use; to download it now: ${self} embed "hello"`,
        },
  ];
}

/** Names of the cache's folders with a model: encoders and language models, in one file or several, or as GGUF. */
const cachedModels = (cache: string) =>
  readdirSync(cache, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(cache, entry.name)).some(isModelFile))
    .map(({ name }) => name)
    .sort();

const isModelFile = (name: string) =>
  name.endsWith(".gguf") || /^model(\.safetensors\.index\.json|\.safetensors)$/.test(name);

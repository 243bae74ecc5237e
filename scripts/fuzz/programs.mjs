// node scripts/fuzz/programs.mjs [--seed N] [--count N] [--seconds N] [--torch] …; --help tells.
// Random programs over every op, run in every way that must give the same numbers.
import { build } from "esbuild";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { root } from "../setup/paths.mjs";
import { startTorch } from "./torch.mjs";

const help = `node scripts/fuzz/programs.mjs [options]

  --seed N       first seed; default 1
  --count N      programs; default 500
  --seconds N    stop after so long; default: not
  --refusals N   requests for memory to refuse in each program, one a run; default 10
  --torch        compare values and gradients with PyTorch in float64; LOWRANK_PYTHON names a Python that has it
  --build B      simd, relaxed or auto (the default)
  --threads N    default 1
  --show         print the program of --seed instead of running it
  --golden       write test/golden/programs/programs.jsonl, --count programs, with PyTorch's answers
  --help         this

A failure names the seed: run it again with --seed N --count 1.`;

const { values: given } = parseArgs({
  options: {
    ...Object.fromEntries(
      ["seed", "count", "seconds", "refusals", "build", "threads"].map((name) => [name, { type: "string" }]),
    ),
    ...Object.fromEntries(["torch", "show", "golden", "help"].map((name) => [name, { type: "boolean" }])),
  },
});

const goldenFile = join(root, "test/golden/programs/programs.jsonl");

async function main() {
  if (given.help) return console.log(help);
  const number = (name, fallback) => {
    const value = Number(given[name] ?? fallback);
    if (!(value >= 0)) throw new Error(`--${name} takes a number from 0, got ${given[name]}`);
    return value;
  };
  const [seed, count, refusals] = [
    number("seed", 1),
    number("count", given.golden ? 300 : 500),
    number("refusals", 10),
  ];
  // Node 20 has relaxed SIMD behind a flag that later versions no longer know.
  if (process.version.startsWith("v20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const search = await load();
  const engine = await search.start(root, given.build ?? "auto", number("threads", 1));
  if (given.show) return console.log(search.show(seed));
  const torch = given.torch || given.golden ? startTorch() : null;
  try {
    if (given.golden) return await writeGolden(search, torch, seed, count);
    console.log(`programs from seed ${seed}: ${engine}${torch ? ", beside PyTorch" : ""}`);
    const deadline = performance.now() + 1000 * number("seconds", Infinity);
    await run(search, torch, { seed, count, refusals, deadline });
  } finally {
    torch?.close();
  }
}

/** The TypeScript of the search, bundled: Node cannot load it as it is. */
async function load() {
  const outfile = join(root, "build/fuzz/programs.mjs");
  const entry = join(root, "test/properties/programs/search.ts");
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    logLevel: "error",
  });
  return import(pathToFileURL(outfile).href);
}

async function run(search, torch, { seed, count, refusals, deadline }) {
  const totals = search.totals();
  const failures = [];
  let shown = performance.now();
  for (let at = seed; at < seed + count && performance.now() < deadline; at++) {
    try {
      await search.checkSeed(at, torch && ((question) => torch.ask(question)), refusals, totals);
    } catch (error) {
      failures.push(at);
      console.log(`seed ${at}: ${String(error.message ?? error).slice(0, 1500)}`);
      if (failures.length === 20) break;
    }
    if (performance.now() - shown > 5000) {
      shown = performance.now();
      console.log(`… seed ${at}: ${summary(totals)}`);
    }
  }
  console.log(summary(totals));
  if (failures.length > 0) {
    console.log(
      `${failures.length} failed; again: node scripts/fuzz/programs.mjs --seed ${failures[0]} --count 1${torch ? " --torch" : ""}`,
    );
    process.exitCode = 1;
  }
}

function summary({ programs, statements, refused, elements, unsure, worst }) {
  const compared =
    elements === 0
      ? ""
      : `, ${elements} numbers compared (${((100 * unsure) / elements).toFixed(1)} % unsure, worst ${worst.toFixed(2)} of its tolerance)`;
  return `${programs} programs, ${statements} statements, ${refused} refused requests${compared}`;
}

async function writeGolden(search, torch, seed, count) {
  const lines = [];
  for (let at = seed; at < seed + count; at++) lines.push(await search.golden(at, (question) => torch.ask(question)));
  mkdirSync(join(goldenFile, ".."), { recursive: true });
  writeFileSync(goldenFile, lines.join("\n") + "\n");
  console.log(`${lines.length} programs in ${goldenFile}`);
}

await main();

// node scripts/fuzz/peft.mjs [--seed N] [--count N]; --help tells.
// Random adapters of PEFT's on random checkpoints: trained here and there, written here and loaded there, and back.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadSources } from "./sources.mjs";
import { checkProgram } from "./with_peft/program.mjs";
import { startPython } from "./torch.mjs";

const help = `node scripts/fuzz/peft.mjs [options]

  --seed N     first seed; default 1
  --count N    programs; default 200
  --seconds N  stop after so long; default: not
  --show       print what each program is
  --keep DIR   leave the files of programs in DIR
  --help       this

Each program: a tiny checkpoint of a random encoder, in a random layout; PEFT writes an adapter with random options and values, and trains it
for five steps. Here it is loaded, saved, trained likewise and saved; PEFT loads what was saved, and what an adapter that began here comes to.
Needs torch, transformers and peft; LOWRANK_PYTHON names a Python that has them. A failure names its seed.`;

const options = { seed: "1", count: "200", seconds: "Infinity" };
const { values: given } = parseArgs({
  options: {
    ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, { type: "string", default: value }])),
    keep: { type: "string" },
    show: { type: "boolean" },
    help: { type: "boolean" },
  },
});

async function main() {
  if (given.help) return console.log(help);
  const [seed, count, seconds] = Object.keys(options).map((name) => {
    const value = Number(given[name]);
    if (value >= 0) return value;
    throw new Error(`--${name} takes a number from 0, got ${given[name]}`);
  });
  const library = await loadSources();
  const python = startPython("with_peft/answer.py", "torch, transformers and peft");
  const folder = given.keep ?? mkdtempSync(join(tmpdir(), "lowrank-peft-"));
  const tally = {
    programs: 0,
    refused: 0,
    named: 0,
    families: new Map(),
    worst: new Map(),
    conditioned: [],
    failures: [],
  };
  const deadline = performance.now() + 1000 * seconds;
  try {
    for (let at = seed; at < seed + count && performance.now() < deadline; at++) {
      const place = join(folder, String(at));
      const program = await python.ask({ seed: at, folder: place });
      if (given.show) console.log(JSON.stringify({ ...program, start: null, end: null, texts: null, batch: null }));
      try {
        await checkProgram(library, python, program, place, tally);
      } catch (error) {
        tally.failures.push(at);
        console.log(`seed ${at}: ${describe(program)}\n  ${String(error.stack ?? error).slice(0, 1200)}`);
        if (tally.failures.length === 20) break;
      }
      if (given.keep === undefined) rmSync(place, { recursive: true, force: true });
    }
  } finally {
    python.close();
    if (given.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
  summary(tally);
}

const describe = ({ family, kind, sequence, stored, layout, options, optimizer, old }) =>
  JSON.stringify({ family, kind, sequence, stored, layout, options, optimizer, old });

function summary({ programs, refused, named, families, worst, conditioned, failures }) {
  const list = (map, text) =>
    [...map]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(text)
      .join(", ");
  console.log(
    `${programs} programs (${list(families, ([name, n]) => `${name} ${n}`)}), ${refused} that PEFT refuses, ${named} whose new adapter is refused here`,
  );
  console.log(`largest differences: ${list(worst, ([name, x]) => `${name} ${x.toExponential(1)}`)}`);
  if (conditioned.length > 0) console.log("where PyTorch's float32 is off float64 too:");
  for (const { seed, what, off, near } of conditioned)
    console.log(
      `  seed ${seed}: ${what} ${off.toExponential(1)} off float64, PyTorch's float32 ${near.toExponential(1)}`,
    );
  console.log(`${failures.length} failed${failures.length === 0 ? "" : `: seeds ${failures.join(", ")}`}`);
  if (failures.length > 0) process.exitCode = 1;
}

await main();

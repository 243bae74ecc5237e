// node scripts/fuzz/decoders.mjs [--seed N] [--count N]; --help tells.
// Language models of random configurations beside transformers and PEFT: logits, greedy texts, five steps of training.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadSources } from "./sources.mjs";
import { startPython } from "./torch.mjs";

const help = `node scripts/fuzz/decoders.mjs [options]

  --seed N     first seed; default 1
  --count N    models; default 200
  --seconds N  stop after so long; default: not
  --show       print what each model is
  --help       this

Each model: a random architecture, sizes, rotation, windows and biases, in float32 or 16 bits, in one file or several, its config.json as
transformers 4 or 5 writes it. Logits and greedy texts are transformers', five steps of training are PEFT's.
Needs torch, transformers and peft; LOWRANK_PYTHON names a Python that has them. A failure names its seed.`;

const { values: given } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "200" },
    seconds: { type: "string", default: "Infinity" },
    show: { type: "boolean" },
    help: { type: "boolean" },
  },
});

/** Of the largest number; beyond it PyTorch's own distance from float64 decides. */
const NEAR = 1e-5;

const distance = (a, b) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), a.length === b.length ? 0 : NaN);
const largest = (a) => a.reduce((most, x) => Math.max(most, Math.abs(x)), 1);

async function check({ CausalLanguageModel, readSafetensors }, program, folder, worst) {
  const names = readdirSync(folder).filter((name) =>
    /^(?:config|generation_config|model)[^/]*\.(?:json|safetensors)$/.test(name),
  );
  const own = await CausalLanguageModel.load(
    Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))])),
  );
  try {
    await compare(readSafetensors, own, program, folder, worst);
  } finally {
    own.dispose();
  }
}

async function compare(readSafetensors, own, program, folder, worst) {
  const expected = readSafetensors(readFileSync(join(folder, "expected.safetensors")));
  const near = (what, got, want, allowed) => {
    const off = distance([...got], [...want]) / largest([...want]);
    worst.set(what, Math.max(worst.get(what) ?? 0, off));
    if (!(off < allowed)) throw new Error(`${what}: ${off.toExponential(1)} of the largest number apart`);
  };
  const allowed = Math.max(NEAR, 4 * program.float32);
  for (const [i, ids] of program.prompts.entries())
    near("logits", (await own.logits(ids, { adapter: null })).data, expected.tensor(`base/${i}`).data, allowed);
  for (const [i, { ids, margins }] of program.greedy.entries()) {
    const clear = margins.findIndex((margin) => margin < 1e-3);
    const count = clear < 0 ? ids.length : clear;
    if (count === 0) continue;
    const got = [];
    for await (const { id } of own.generateTokens(program.prompts[i], { maxTokens: count, ignoreEnd: true }))
      got.push(id);
    if (got.join() !== ids.slice(0, count).join()) throw new Error(`greedy: ${got.join()} in place of ${ids.join()}`);
  }
  own.loadAdapter("peft", {
    "adapter_config.json": readFileSync(join(folder, "adapter/adapter_config.json")),
    "adapter_model.safetensors": readFileSync(join(folder, "adapter/adapter_model.safetensors")),
  });
  const examples = program.batch.map((ids, i) => ({ ids, mask: ids.map((_, at) => at >= program.firsts[i]) }));
  const { steps } = await own.fit(examples, {
    steps: program.losses.length,
    batchSize: examples.length,
    order: () => [0, 1, 2],
    learningRate: 1e-3,
    schedule: () => 1e-3,
    maxGradNorm: null,
  });
  near("losses", steps.map(({ loss }) => loss), program.losses, 4 * allowed); // prettier-ignore
  for (const [i, ids] of program.prompts.entries())
    near("adapted", (await own.logits(ids)).data, expected.tensor(`adapted/${i}`).data, 10 * allowed);
}

async function main() {
  if (given.help) return console.log(help);
  const library = await loadSources();
  const python = startPython("with_transformers/answer.py", "torch, transformers and peft");
  const folder = mkdtempSync(join(tmpdir(), "lowrank-decoders-"));
  const [first, count] = [Number(given.seed), Number(given.count)];
  const [worst, families, failed, refused] = [new Map(), new Map(), [], new Map()];
  const deadline = performance.now() + 1000 * Number(given.seconds);
  for (let seed = first; seed < first + count && performance.now() < deadline; seed++) {
    const place = join(folder, String(seed));
    mkdirSync(place);
    const program = await python.ask({ seed, folder: place });
    const { family, config, dtype, shards, old } = program;
    if (given.show) console.log(JSON.stringify({ seed, family, dtype, shards, old, config }));
    try {
      if (program.failed !== undefined) throw new Error(`${program.failed}\n${program.trace}`);
      families.set(family, (families.get(family) ?? 0) + 1);
      await check(library, program, place, worst);
    } catch (error) {
      if (error.name === "UnsupportedError") refused.set(error.message.slice(0, 120), seed);
      else {
        failed.push(seed);
        console.log(`seed ${seed}: ${JSON.stringify({ family, dtype, shards, old, config })}\n  ${String(error.stack ?? error).slice(0, 900)}`); // prettier-ignore
      }
    }
    rmSync(place, { recursive: true, force: true });
  }
  python.close();
  rmSync(folder, { recursive: true, force: true });
  console.log([...families].map(([name, n]) => `${name} ${n}`).join(", "));
  for (const [message, seed] of refused) console.log(`refused, seed ${seed}: ${message}`);
  console.log(`largest differences: ${[...worst].map(([what, x]) => `${what} ${x.toExponential(1)}`).join(", ")}`);
  console.log(`${failed.length} failed${failed.length === 0 ? "" : `: seeds ${failed.join(", ")}`}`);
  if (failed.length > 0) process.exitCode = 1;
}

await main();

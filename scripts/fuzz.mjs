// npm run fuzz [-- [programs|readers|kills|peft|decoders] [options]]: what `npm test` tries from fixed seeds, from new ones and for longer.
import { join } from "node:path";
import { setUp, stepsForAllTests } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import { show } from "./setup/process.mjs";
import { explain, SetupError } from "./setup/report.mjs";

const help = `npm run fuzz -- [fuzzer] [options of the fuzzer]

  programs   random programs over every op, memory refused at every point; --torch compares with PyTorch
  readers    damaged files of every kind
  kills      training runs that are killed and resumed
  peft       random adapters on random checkpoints, beside PEFT in Python; only by its name
  decoders   language models of random configurations, beside transformers and PEFT; only by its name

Without a name each other runs for some minutes, from a seed of the clock. \`npm run fuzz -- programs --help\` lists options.`;

/** A few minutes of each. */
const defaults = () => ({
  programs: ["--seed", String(Date.now() % 1_000_000_007), "--count", "1000000", "--seconds", "180"],
  readers: ["--seconds", "180"],
  kills: ["--count", "20"],
});

async function main([name, ...options]) {
  if (name === "--help") return console.log(help);
  const usual = Object.keys(defaults());
  const known = [...usual, "peft", "decoders"];
  if (name !== undefined && !known.includes(name)) {
    throw new SetupError(`there is no fuzzer "${name}"; there are ${known.join(", ")}`);
  }
  await setUp(stepsForAllTests());
  for (const fuzzer of name === undefined ? usual : [name]) {
    const args = options.length > 0 ? options : (defaults()[fuzzer] ?? []);
    console.log(["▸", fuzzer, ...args].join(" "));
    const code = await show("node", [join(root, `scripts/fuzz/${fuzzer}.mjs`), ...args], { cwd: root });
    if (code !== 0) process.exitCode = code;
  }
}

await main(process.argv.slice(2)).catch(explain);

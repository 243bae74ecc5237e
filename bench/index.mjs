// npm run bench -- [--quick] [--only TEXT] [--seconds N] [--list]: sets up the package and the peers, then measures.
import { benchModules, trainingArtifacts } from "../scripts/setup/steps/bench.mjs";
import { languageModel, model } from "../scripts/setup/steps/model.mjs";
import { setUp, stepsForDist } from "../scripts/setup/index.mjs";
import { explain } from "../scripts/setup/report.mjs";

async function main(args) {
  if (args.includes("--help")) return help();
  const quick = ["--quick", "--list"].some((option) => args.includes(option));
  const steps = [...stepsForDist, benchModules, ...(quick ? [] : [model, languageModel, trainingArtifacts])];
  await setUp(steps);
  const { bench } = await import("./main.mjs");
  await bench(args);
}

/** Needs nothing set up. */
async function help() {
  console.log((await import("./help.mjs")).help);
}

await main(process.argv.slice(2)).catch(explain);

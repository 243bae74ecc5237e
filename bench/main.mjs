// The benchmark: npm run bench -- [--quick] [--against FOLDER] [--only TEXT] [--seconds N] [--list]
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findChromium } from "../scripts/browsers/chromium.mjs";
import { help } from "./help.mjs";
import { againstJobs, fullJobs, quickJobs } from "./plan/jobs.mjs";
import { describeMachine } from "./plan/machine.mjs";
import { benchFolder } from "./plan/paths.mjs";
import { runJob } from "./plan/run.mjs";
import { chart } from "./report/chart.mjs";
import { Results, rounded } from "./report/results.mjs";
import { againstTable, allTables, table } from "./report/tables.mjs";
import { targets } from "./report/targets.mjs";

export async function bench(args) {
  const { values: options } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      against: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      seconds: { type: "string", default: "0.25" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) return void process.stdout.write(help);
  const jobs = chosenJobs(options);
  if (options.list) return list(jobs);
  const begin = performance.now();
  const machine = describeMachine();
  if (machine.load > 1)
    console.log(`! the machine is busy (load ${machine.load.toFixed(1)}): ratios may hold, times do not`);
  const results = new Results();
  const finish = (file) => {
    const minutes = (performance.now() - begin) / 60_000;
    report(results, { machine: { ...machine, minutes }, file });
  };
  // What the finished jobs gave is not lost. Children and browsers go with this process.
  const interrupt = () => {
    if (results.rows.length > 0) finish("results-quick");
    process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, interrupt);
  for (const [i, job] of jobs.entries()) {
    console.log(`▸ ${i + 1}/${jobs.length} ${job.name}`);
    results.addJob(await collect(job));
  }
  finish(options.quick || options.against || options.only.length > 0 ? "results-quick" : "results");
}

function list(jobs) {
  for (const name of new Set(jobs.map(({ name }) => name))) console.log(name);
  console.log("by itself: node bench/weights.mjs MODEL_FOLDER [rounds]");
}

function chosenJobs({ quick, against, only, seconds }) {
  const all = () => fullJobs({ chromium: findChromium() !== null, seconds: Number(seconds) });
  const jobs = against ? againstJobs(against, Number(seconds)) : quick ? quickJobs() : all();
  return only.length === 0 ? jobs : jobs.filter(({ name }) => only.some((text) => name.includes(text)));
}

/** Everything that a job gives; where it breaks, the others go on. */
async function collect(job) {
  const found = [];
  const begin = performance.now();
  const take = (result) => {
    found.push(result);
    if (result.message) console.log(`  ! ${result.message}`);
  };
  await runJob(job, take).catch((error) => take({ message: `${job.name}: ${String(error?.message ?? error)}` }));
  console.log(
    `  ${found.filter(({ message }) => !message).length} results in ${((performance.now() - begin) / 1000).toFixed(0)} s`,
  );
  return found;
}

function report(results, { machine, file }) {
  for (const text of allTables(results)) console.log(`\n${text}`);
  if (results.pairs.some(({ peer }) => peer === "before")) console.log(`\n${againstTable(results)}`);
  const goals = targets(results);
  const marks = { true: "✓", false: "✗", null: "–" };
  const rows = goals.map(({ what, goal, measured, reached }) => [marks[reached], what, goal, measured]);
  console.log(`\n${table("To reach", ["", "what", "goal", "measured"], rows, 4)}`);
  const { rows: all, pairs, memory, downloads, messages } = results;
  const contents = { machine, rows: all, pairs, memory, downloads, targets: goals, messages };
  const path = join(benchFolder, file);
  writeFileSync(`${path}.json`, `${JSON.stringify(contents, rounded, 1)}\n`);
  writeFileSync(`${path}.svg`, chart(results, machine));
  console.log(`\nwritten: bench/${file}.json, bench/${file}.svg`);
}

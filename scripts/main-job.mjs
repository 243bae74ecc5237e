import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

// The figures of the main job in docs/commands.md: `node scripts/main-job.mjs [seeds]`. The run of the first seed (0 by default) gives the
// printed output and the curve; several seeds give the table. Run it on a quiet machine, with the model in the cache.
const seeds = process.argv.length > 2 ? process.argv.slice(2) : ["0"];
const page = join(root, "docs/commands.md");
const folder = mkdtempSync(join(tmpdir(), "lowrank-main-job-"));
/** How a line of progress looks: "encode test     831/1000". */
const progress = /^\S+( \S+)? +[\d,]+\/[\d,]+/;

/** Runs `lowrank finetune`; what it printed, and its report. */
function finetune(seed) {
  const out = join(folder, seed);
  // Progress is printed to the error output: through one shell the lines keep their order.
  const command = `exec node dist/cli.js finetune --seed ${seed} --out ${out} 2>&1`;
  const { status, stdout } = spawnSync("sh", ["-c", command], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(stdout);
  const { result } = JSON.parse(readFileSync(join(out, "report.json"), "utf8"));
  console.log(`seed ${seed}: ${percent(result.after.accuracy)}`);
  return { out, stdout, result };
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** Puts a text between the page's two comments of that name. */
function replace(name, text) {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const before = readFileSync(page, "utf8");
  const from = before.indexOf(start) + start.length;
  writeFileSync(page, before.slice(0, from) + text + before.slice(before.indexOf(end)));
}

function printed({ out, stdout }) {
  // The commands that it shows next are those of an installed package.
  const asInstalled = stdout.replaceAll(out, "runs/my-run").replaceAll("node dist/cli.js", "npx lowrank");
  const lines = asInstalled.trimEnd().split("\n");
  // Progress is left out, but for a mark where most of it is.
  const rest = lines.map((line) => (progress.test(line) ? null : line));
  const mark = rest.lastIndexOf(null);
  const shown = rest.flatMap((line, i) => (line !== null ? [line] : i === mark ? ["…"] : []));
  const machine = `${cpus().length} cores, ${cpus()[0].model.trim()}, Node ${process.versions.node.split(".")[0]}`;
  const note = `Lines of progress are omitted. Machine: ${machine}; [bench](../bench/README.md) measures the kernels.`;
  return `\`\`\`\n${shown.join("\n")}\n\`\`\`\n\n${note}\n`;
}

function table(results) {
  const mean = results.reduce((sum, { after }) => sum + after.accuracy, 0) / results.length;
  const row = (name, cells) => `| ${[name, ...cells].join(" | ")} |\n`;
  const scores = (key) => results.map((result) => percent(result[key].accuracy));
  const rows = [
    row("seed", [...seeds, "mean"]),
    `|---|${"--:|".repeat(seeds.length + 1)}\n`,
    row("head only", [...scores("headOnly"), ""]),
    row("head and adapter", [...scores("after"), percent(mean)]),
  ];
  const note = `\`node scripts/main-job.mjs ${seeds.join(" ")}\` makes these figures. The majority class has ${percent(results[0].largestClass)}.`;
  return `${rows.join("")}\n${note}\n`;
}

const runs = seeds.map(finetune);
replace("run", printed(runs[0]));
copyFileSync(join(runs[0].out, "loss.svg"), join(root, "docs/loss.svg"));
if (runs.length > 1) replace("five-seeds", table(runs.map(({ result }) => result)));
rmSync(folder, { recursive: true });

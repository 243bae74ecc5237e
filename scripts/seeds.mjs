import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

// The main job under several seeds: `node scripts/seeds.mjs [0 1 2 …] [-- options of finetune]`. Prints a table for docs/commands.md.
const at = process.argv.indexOf("--");
const given = process.argv.slice(2, at < 0 ? undefined : at);
const seeds = given.length > 0 ? given : ["0", "1", "2", "3", "4"];
const options = at < 0 ? [] : process.argv.slice(at + 1);
const folder = mkdtempSync(join(tmpdir(), "lowrank-seeds-"));

const rows = seeds.map((seed) => {
  const out = join(folder, seed);
  const command = [join(root, "dist/cli.js"), "finetune", "--seed", seed, "--out", out, "--quiet", ...options];
  const { status } = spawnSync("node", command, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
  const { result } = JSON.parse(readFileSync(join(out, "report.json"), "utf8"));
  const [headOnly, after] = [result.headOnly, result.after].map((part) => part?.accuracy);
  console.error(`seed ${seed}: ${percent(after)}`);
  return { seed, largestClass: result.largestClass, headOnly, after };
});
rmSync(folder, { recursive: true });

function percent(share) {
  return share === undefined ? "" : `${(100 * share).toFixed(1)} %`;
}
const mean = rows.reduce((sum, { after }) => sum + after, 0) / rows.length;
console.log("| seed | largest class | head alone | head and adapter |\n|---|--:|--:|--:|");
for (const { seed, largestClass, headOnly, after } of rows) {
  console.log(`| ${seed} | ${percent(largestClass)} | ${percent(headOnly)} | ${percent(after)} |`);
}
console.log(`| mean | | | ${percent(mean)} |`);

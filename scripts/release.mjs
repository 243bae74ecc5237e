// node scripts/release.mjs [--dry-run]: checks that the packages are ones to be published, and publishes them with their provenance.
import { execFileSync } from "node:child_process";
import { problems } from "./release/problems.mjs";
import { root } from "./setup/paths.mjs";

const dryRun = process.argv.includes("--dry-run");
const npm = (...args) =>
  execFileSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });

npm("run", "build");
const found = problems({ tag: process.env.GITHUB_REF_NAME });
for (const problem of found) console.error(`▸ ${problem}`);
if (found.length > 0 && !dryRun) process.exit(1);
// What is in them was built a moment ago: no script of theirs need run again.
npm("publish", "--workspaces", "--ignore-scripts", "--access", "public", dryRun ? "--dry-run" : "--provenance");

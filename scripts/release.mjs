// node scripts/release.mjs [--dry-run]: checks that the package is one to be published, and publishes it with its provenance.
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
// What is in there was built a moment ago: no script of the package's need run again.
if (dryRun) npm("publish", "--dry-run", "--ignore-scripts", "--access", "public");
else npm("publish", "--ignore-scripts", "--access", "public", "--provenance");

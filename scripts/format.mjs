// npm run format: sets up, then writes every file as prettier and rustfmt would.
import { join } from "node:path";
import { setUp } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import { show } from "./setup/process.mjs";
import { explain } from "./setup/report.mjs";
import { cargo } from "./setup/steps/cargo.mjs";
import { nodeModules } from "./setup/steps/node-modules.mjs";

async function main() {
  await setUp([nodeModules, cargo]);
  const prettier = join(root, "node_modules/prettier/bin/prettier.cjs");
  const codes = [
    await show("node", [prettier, "--write", "."], { cwd: root }),
    await show("cargo", ["fmt", "--all"], { cwd: root }),
  ];
  process.exitCode = Math.max(...codes);
}

await main().catch(explain);

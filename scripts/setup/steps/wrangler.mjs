import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";

const folder = join(root, "examples/edge-worker");

/** What the example of an edge worker names: it has no lockfile, which would hold a copy of this package's own manifest. */
export const wranglerModules = {
  title: "wrangler (npm install in examples/edge-worker, 200 MB)",
  uses: "network",
  needed: () => !existsSync(join(folder, "node_modules/.bin/wrangler")),
  run: () => run("npm", ["install", "--ignore-scripts", "--no-package-lock"], { cwd: folder }),
};

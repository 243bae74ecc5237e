import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, runtimesFolder } from "../paths.mjs";
import { run } from "../process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../stamp.mjs";

const packages = "test/runtimes/packages";
const name = "runtimes";

/** Deno, Bun, the oldest and the newest Node, of pinned versions, as npm has them. */
export const runtimes = {
  title: "Deno, Bun, the oldest and the newest Node (npm ci in .cache/runtimes, 400 MB)",
  uses: "network",
  seconds: 30,
  needed: () => !isFresh(name, hashOf(packages)),
  async run() {
    clearStamp(name);
    mkdirSync(runtimesFolder, { recursive: true });
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(root, packages, file), join(runtimesFolder, file));
    // The programs lie in packages of one platform each: none needs a script.
    await run("npm", ["ci", "--ignore-scripts"], { cwd: runtimesFolder });
    setStamp(name, hashOf(packages));
  },
};

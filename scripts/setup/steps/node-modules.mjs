import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { hashOf } from "../stamp.mjs";

// The stamp lies inside node_modules, so that it goes when the folder goes; npm ci empties the folder first.
const stamp = join(root, "node_modules/.installed");

export const nodeModules = {
  title: "node modules (npm ci)",
  makes: "node modules",
  uses: "network",
  seconds: 35,
  needed: () => !existsSync(stamp) || readFileSync(stamp, "utf8") !== hashOf("package-lock.json"),
  async run() {
    const hash = hashOf("package-lock.json");
    // No package needs its install script: binaries come as packages of their own.
    await run("npm", ["ci", "--ignore-scripts"], { cwd: root });
    writeFileSync(stamp, hash);
  },
};

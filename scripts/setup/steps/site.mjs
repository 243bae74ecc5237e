import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { hashOf } from "../stamp.mjs";

const folder = join(root, "site");
const stamp = join(folder, "node_modules/.installed");

/** What builds the site, with the newest Node, which it needs. */
export const siteModules = {
  title: "what builds the site (npm ci in site/, 500 MB)",
  uses: "network",
  seconds: 60,
  needed: () => !existsSync(stamp) || readFileSync(stamp, "utf8") !== hashOf("site/package-lock.json"),
  async run() {
    const hash = hashOf("site/package-lock.json");
    await run("npm", ["ci", "--ignore-scripts"], { cwd: folder });
    writeFileSync(stamp, hash);
  },
};

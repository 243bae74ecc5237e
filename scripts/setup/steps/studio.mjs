import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { replaceFolder } from "../replaced-folder.mjs";
import { hashOf, isFresh } from "../stamp.mjs";

const place = join(root, "web/dist");
const sources = () => readdirSync(join(root, "web")).filter((name) => !["dist", "node_modules"].includes(name));
const inputs = () => hashOf(...sources().map((name) => `web/${name}`), "dist", "packages/flower/dist");

/** The Studio's static files, as @lowrank/studio has them. The old ones stay until the new ones are complete. */
export const studio = {
  title: "the Studio (vite)",
  after: ["package", "packages"],
  makes: "studio",
  seconds: 10,
  needed: () => !existsSync(place) || !isFresh("studio", inputs()),
  run: () =>
    replaceFolder({ place, fresh: join(root, "build/studio"), stamp: "studio", hash: inputs() }, (folder) => {
      const vite = join(root, "node_modules/vite/bin/vite.js");
      const options = ["--config", "web/vite.config.ts", "--outDir", folder, "--logLevel", "error"];
      return run("node", [vite, "build", ...options], { cwd: root, env: { NODE_ENV: "production" } });
    }),
};

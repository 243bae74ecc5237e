import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../stamp.mjs";

const inputs = () => hashOf("web", "dist");
const place = join(root, "build/studio");

/** The Studio's static files, as the package has them. The old ones stay until the new ones are complete. */
export const studio = {
  title: "the Studio (vite)",
  seconds: 15,
  needed: () => !existsSync(place) || !isFresh("studio", inputs()),
  async run() {
    const built = `${place}-${process.pid}`;
    try {
      const vite = join(root, "node_modules/vite/bin/vite.js");
      const options = ["--config", "web/vite.config.ts", "--outDir", built, "--logLevel", "error"];
      await run("node", [vite, "build", ...options], { cwd: root, env: { NODE_ENV: "production" } });
      clearStamp("studio");
      rmSync(place, { recursive: true, force: true });
      renameSync(built, place);
      setStamp("studio", inputs());
    } finally {
      rmSync(built, { recursive: true, force: true });
    }
  },
};

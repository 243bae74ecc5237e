import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../stamp.mjs";

const inputs = () => hashOf("ts", "build/wasm", "rollup.config.js", "package.json", "tsconfig.json");

/** The package as it is published. The old dist stays until the new one is complete. */
export const dist = {
  title: "JavaScript bundles (rollup)",
  needed: () => !existsSync(join(root, "dist")) || !isFresh("dist", inputs()),
  async run() {
    const hash = inputs();
    const built = join(root, `build/dist-${process.pid}`);
    const old = `${built}-old`;
    try {
      await run("node", ["node_modules/rollup/dist/bin/rollup", "--config", "--silent"], {
        cwd: root,
        env: { DIST: built },
      });
      clearStamp("dist");
      if (existsSync(join(root, "dist"))) renameSync(join(root, "dist"), old);
      renameSync(built, join(root, "dist"));
      setStamp("dist", hash);
    } finally {
      rmSync(built, { recursive: true, force: true });
      rmSync(old, { recursive: true, force: true });
    }
  },
};

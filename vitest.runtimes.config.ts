import { defineConfig } from "vitest/config";
import { modelCache, root } from "./scripts/setup/paths.mjs";

/** Tests of the built package in every runtime: `npm run test:runtimes`. One after the other, since each is an engine of its own. */
export default defineConfig({
  define: { __PROJECT__: JSON.stringify(root), __MODELS__: JSON.stringify(modelCache) },
  test: {
    include: ["test/runtimes/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});

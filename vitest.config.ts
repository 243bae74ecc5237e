import { playwright } from "@vitest/browser-playwright";
import type { Plugin } from "vite";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { chromiumArguments, findChromium } from "./scripts/chromium.mjs";
import { serveFolder } from "./scripts/serve-folder.mjs";
import { modelCache, root } from "./scripts/setup/paths.mjs";
import { detectFeatures } from "./ts/engine/features.js";

type Build = "simd" | "relaxed" | "auto";

/** Tests of what only Node has; they choose their build themselves and run once. */
const nodeOnly = ["test/{cli,node,packaging}/**/*.test.ts", "test/**/*.node.test.ts"];
// Node 20 has relaxed SIMD behind a flag that later versions no longer know.
const execArgv = detectFeatures().relaxedSimd ? [] : ["--experimental-wasm-relaxed-simd"];
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

function inNode(name: string, build: Build, include: string[], exclude: string[]): TestProjectConfiguration {
  return {
    define: {
      __BUILD__: JSON.stringify(build),
      __PROJECT__: JSON.stringify(root),
      __MODELS__: JSON.stringify(modelCache),
    },
    test: { name, include, exclude, execArgv, setupFiles: ["test/setup/engine.ts"], environment: "node", ...timeouts },
  };
}

/** Headers that give a page shared memory. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** These headers on everything, vitest's own pages too, and the files that tests fetch, byte for byte. */
const server: Plugin = {
  name: "test-server",
  configureServer({ middlewares }) {
    middlewares.use((_request, response, next) => {
      for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value);
      next();
    });
    middlewares.use("/project", serveFolder(root));
    middlewares.use("/models", serveFolder(modelCache));
  },
};

function inChromium(name: string, build: Build): TestProjectConfiguration {
  const executablePath = findChromium() ?? undefined;
  return {
    plugins: [server],
    server: { headers: isolation },
    define: { __BUILD__: JSON.stringify(build), __PROJECT__: '"/project"', __MODELS__: '"/models"' },
    optimizeDeps: { include: ["fast-check", "@huggingface/tokenizers", "papaparse"] },
    test: {
      name,
      include: ["test/**/*.test.ts"],
      exclude: nodeOnly,
      setupFiles: ["test/setup/engine.ts"],
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args: chromiumArguments } }),
        instances: [{ browser: "chromium" }],
      },
      ...timeouts,
    },
  };
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      inNode("node", "auto", nodeOnly, []),
      inNode("node-simd", "simd", ["test/**/*.test.ts"], nodeOnly),
      inNode("node-relaxed", "relaxed", ["test/**/*.test.ts"], nodeOnly),
      inChromium("chromium-simd", "simd"),
      inChromium("chromium-relaxed", "relaxed"),
    ],
  },
});

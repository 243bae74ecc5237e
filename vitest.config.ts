import { playwright } from "@vitest/browser-playwright";
import type { Plugin } from "vite";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { chromiumArguments, findChromium } from "./scripts/browsers/chromium.mjs";
import { serveFolder } from "./scripts/serve-folder.mjs";
import { modelCache, root } from "./scripts/setup/paths.mjs";
import { detectFeatures } from "./ts/engine/features.js";

/** The engine under test. */
interface Engine {
  readonly build: "simd" | "relaxed" | "auto";
  readonly threads: number;
}

const everything = ["test/**/*.test.ts"];
/** Tests of what only Node has; they choose their build themselves and run once. */
const nodeOnly = ["test/runtimes/**", "test/{cli,node,packaging}/**/*.test.ts", "test/**/*.node.test.ts"];
/** Tests of what differs by build and by threads: the numbers. The others run once in Node and once in Chromium, in the build that is the default there. */
const numeric = ["test/{bits,engine,fuzz,graph,lora,models,ops,optim,train}/**/*.test.ts"];
// Node 20 has relaxed SIMD behind a flag that later versions no longer know.
const execArgv = detectFeatures().relaxedSimd ? [] : ["--experimental-wasm-relaxed-simd"];
const common = {
  setupFiles: ["test/setup/engine.ts"],
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // What a test waits for may come late on a busy machine.
  expect: { poll: { timeout: 30_000 } },
};

/** Groups of projects run one after the other: engines with threads of their own get the processor to themselves. */
function scheduling({ threads }: Engine, group: number) {
  return threads > 1 ? { maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: group } } : {};
}

/** What test/setup reads; folders as the runtime finds them. */
function constants({ build, threads }: Engine, project: string, models: string): Record<string, string> {
  const values = { __BUILD__: build, __THREADS__: threads, __PROJECT__: project, __MODELS__: models };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
}

function inNode(name: string, engine: Engine, include: string[], exclude = nodeOnly): TestProjectConfiguration {
  return {
    define: constants(engine, root, modelCache),
    test: { name, include, exclude, execArgv, environment: "node", ...common, ...scheduling(engine, 1) },
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

function inChromium(name: string, engine: Engine, include: string[]): TestProjectConfiguration {
  const executablePath = findChromium() ?? undefined;
  return {
    plugins: [server],
    server: { headers: isolation },
    define: constants(engine, "/project", "/models"),
    // Named here, they are not found in the middle of a test, which would reload the page.
    optimizeDeps: { include: ["fast-check", "@huggingface/tokenizers", "papaparse"] },
    test: {
      name,
      include,
      exclude: nodeOnly,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args: chromiumArguments } }),
        instances: [{ browser: "chromium" }],
      },
      ...common,
      ...scheduling(engine, 2),
    },
  };
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      inNode("node", { build: "auto", threads: 1 }, nodeOnly, ["test/runtimes/**"]),
      inNode("node-simd", { build: "simd", threads: 1 }, everything),
      inNode("node-relaxed", { build: "relaxed", threads: 1 }, numeric),
      inNode("node-threads", { build: "relaxed", threads: 2 }, numeric),
      inChromium("chromium-simd", { build: "simd", threads: 1 }, numeric),
      inChromium("chromium-relaxed", { build: "relaxed", threads: 1 }, everything),
      inChromium("chromium-threads", { build: "simd", threads: 2 }, numeric),
    ],
  },
});

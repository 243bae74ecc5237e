import { playwright } from "@vitest/browser-playwright";
import type { Plugin } from "vite";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { chromiumArguments, findChromium } from "./scripts/browsers/chromium.mjs";
import { lacking } from "./scripts/checks/machine.mjs";
import { serveFolder } from "./scripts/serve-folder.mjs";
import { modelCache, root } from "./scripts/setup/paths.mjs";
import { type FilesOfProject as Files, filesOfProjects, type Part } from "./test/projects.js";
import { detectFeatures } from "./ts/engine/features.js";

/** The engine under test. */
interface Engine {
  readonly build: "simd" | "relaxed" | "auto";
  readonly threads: number;
}

/** `npm test` runs the quick part, `npm run test:all` then the rest; without a wish, as by hand, every project has all its files. */
const part = (process.env.LOWRANK_TESTS ?? "all") as Part;

// Node 20 has relaxed SIMD behind a flag that later versions no longer know.
const execArgv = detectFeatures().relaxedSimd ? [] : ["--experimental-wasm-relaxed-simd"];
const common = {
  setupFiles: ["test/setup/engine.ts"],
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // What a test waits for may come late on a busy machine.
  expect: { poll: { timeout: 30_000 } },
  // Files that share a process find no spy of an earlier one.
  restoreMocks: true,
  // No test reaches the hub: a closed port refuses at once, where a network that drops packets costs five seconds a call.
  env: { HF_ENDPOINT: "http://127.0.0.1:9" },
};

/**
 * Groups of projects run one after the other. Engines with threads of their own get the processor to themselves. Tests of project `node` often wait
 * for processes, browsers and servers, so twice as many of them run as of the others.
 */
function scheduling(project: string, { threads }: Engine) {
  const after = project.startsWith("node") ? 2 : 3;
  if (threads > 1) return { maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: after } };
  return project === "node" ? { maxWorkers: 4, sequence: { groupOrder: 1 } } : {};
}

/** Projects whose tests start engines, change the process's environment and stop it; and those with threads, which a process starts once. */
const apart = ["node", "node-threads", "chromium", "chromium-threads"];

/**
 * Files of one project share a process, or a page, and its modules, whose import takes longer than most files' tests; but for those that stay
 * apart.
 */
const modules = (project: string) => ({ isolate: apart.includes(project) });

/** What test/setup reads; folders as the runtime finds them. */
function constants({ build, threads }: Engine, project: string, models: string): Record<string, string> {
  const values = { __BUILD__: build, __THREADS__: threads, __PROJECT__: project, __MODELS__: models };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
}

function inNode(name: string, engine: Engine, files: Files): TestProjectConfiguration {
  return {
    define: constants(engine, root, modelCache),
    resolve: { alias: aliases(sources) },
    test: { name, ...files, execArgv, environment: "node", ...common, ...modules(name), ...scheduling(name, engine) },
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

function inChromium(name: string, engine: Engine, files: Files): TestProjectConfiguration {
  const executablePath = findChromium() ?? undefined;
  return {
    plugins: [server],
    server: { headers: isolation },
    define: constants(engine, "/project", "/models"),
    resolve: { alias: aliases({ lowrank: "index", "lowrank/extension": "entry/extension" }) },
    // Named here, they are not found in the middle of a test, which would reload the page.
    optimizeDeps: { include: ["ai", "fast-check", "@huggingface/tokenizers", "papaparse", "zod"] },
    test: {
      name,
      ...files,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args: chromiumArguments } }),
        instances: [{ browser: "chromium" }],
      },
      ...common,
      ...modules(name),
      ...scheduling(name, engine),
    },
  };
}

const engines: Record<string, Engine> = {
  node: { build: "auto", threads: 1 },
  "node-shared": { build: "auto", threads: 1 },
  "node-simd": { build: "simd", threads: 1 },
  "node-relaxed": { build: "relaxed", threads: 1 },
  "node-threads": { build: "relaxed", threads: 2 },
  chromium: { build: "relaxed", threads: 1 },
  "chromium-simd": { build: "simd", threads: 1 },
  "chromium-relaxed": { build: "relaxed", threads: 1 },
  "chromium-threads": { build: "simd", threads: 2 },
};

/** Packages import lowrank by its public names; in tests these are its sources, so that both have the same classes. */
const sources: Record<string, string> = {
  lowrank: "entry/node",
  "lowrank/extension": "entry/extension-node",
  "lowrank/extension/cli": "cli/extension",
  "lowrank/jobs": "entry/jobs-node",
  "lowrank/worker": "entry/remote-node",
};
const aliases = (entries: Record<string, string>) =>
  Object.entries(entries).map(([name, entry]) => ({
    find: new RegExp(`^${name}$`),
    replacement: `${root}/ts/${entry}.ts`,
  }));

const projects = Object.entries(filesOfProjects(part, lacking())).map(([name, files]) =>
  (name.startsWith("node") ? inNode : inChromium)(name, engines[name]!, files),
);

export default defineConfig({ test: { maxWorkers: 2, projects } });

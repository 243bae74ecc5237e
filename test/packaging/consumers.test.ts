// @rest consumers
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { variants } from "../../scripts/wasm/variants.mjs";
import { examples, tinyTokenizer } from "../models/tiny-encoder.js";
import { example } from "../docs/examples.js";
import { Consumer } from "./consumer.js";

const product = `
await init();
const graph = new Graph();
const a = graph.constant({ shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) });
const b = graph.constant({ shape: [3, 1], data: new Float32Array([1, 10, 100]) });
console.log(graph.value(graph.matmul(a, b)).data.join(" "));
`;
const answer = "321 654\n";

describe("the packed tarball, installed into a small project", () => {
  let consumer: Consumer;
  beforeAll(() => {
    consumer = new Consumer();
  });
  afterAll(() => rmSync(consumer.folder, { recursive: true }));

  it("holds the bundles, the types, the binaries, the example data, and nothing of the workshop", () => {
    const expected = [
      "browser.js",
      "cli.js",
      "index.d.ts",
      "inline.js",
      "node.js",
      "workerd.js",
      "jobs.d.ts",
      "jobs-browser.js",
      "jobs-inline.js",
      "jobs-node.d.ts",
      "jobs-node.js",
      "jobs-workerd.js",
    ].map((name) => `dist/${name}`);
    const binaries = Object.keys(variants).map((variant) => `dist/wasm/lowrank-${variant}.wasm`);
    expect(consumer.files).toEqual(expect.arrayContaining([...expected, ...binaries, "LICENSE", "README.md"]));
    // The data that `lowrank finetune` takes by default, what documents lead to, and what npm always packs.
    const allowed =
      /^(dist\/.+|docs\/[\w-]+\.(md|txt|svg)|docs\/report\.schema\.json|docs\/studio\/10-judge\.webp|bench\/(README\.md|recipes\.md|results\.svg)|examples\/movie\/(movie_\w+\.tsv|README\.md|LICENSE\.txt)|examples\/(chat|names|queue|search)\/[\w.@-]+|examples\/(edge-worker|node-server)\/((src\/)?[\w-]+\.m?js|README\.md|(package|wrangler)\.jsonc?)|scripts\/(peft\/check_peft(_options)?\.py|recipes\/datasets\/README\.md)|ts\/\w+\/README\.md|package\.json|[A-Z-]+(\.md)?)$/;
    expect(consumer.files.filter((path) => !allowed.test(path))).toEqual([]);
  });

  it("holds whatever its documents lead to, and says of what it does not hold where it is", () => {
    const documents = consumer.files.filter((path) => path.endsWith(".md"));
    expect(documents).toEqual(
      expect.arrayContaining(["README.md", "docs/bundlers.md", "examples/edge-worker/README.md"]),
    );
    const led: string[] = [];
    for (const path of documents) {
      const text = readFileSync(join(consumer.folder, "node_modules/lowrank", path), "utf8");
      const links = [...text.matchAll(/\]\(<?([^)#\s>]+)[^)]*\)|(?:src|href)="([^"#]+)[^"]*"/g)].map(
        ([, link, attribute]) => link ?? attribute!,
      );
      const relative = links.filter((to) => !/^(\w+:|\.\/node_modules)/.test(to));
      const missing = relative.filter((to) => !consumer.files.includes(join(dirname(path), to)));
      expect(missing, path).toEqual([]);
      led.push(...relative);
    }
    expect(led.length).toBeGreaterThan(50);
  });

  it("is imported by a module in Node", () => {
    consumer.write("main.js", `import { Graph, init } from "lowrank";${product}`);
    expect(consumer.run("node", "main.js")).toBe(answer);
  });

  it("is required by a CommonJS file in Node", () => {
    consumer.write("main.cjs", `const { Graph, init } = require("lowrank");(async () => {${product}})();`);
    expect(consumer.run("node", "main.cjs")).toBe(answer);
  });

  it("needs no file beside the script when imported as lowrank/inline", () => {
    consumer.write("inline.js", `import { Graph, init } from "lowrank/inline";${product}`);
    expect(consumer.run("node", "inline.js")).toBe(answer);
  });

  it("takes the binary from the caller", () => {
    const bytes = 'readFileSync(createRequire(import.meta.url).resolve("lowrank/wasm/lowrank-simd.wasm"))';
    const imports = 'import { readFileSync } from "node:fs"; import { createRequire } from "node:module";';
    const own = product.replace("init()", `init({ build: "simd", wasm: ${bytes} })`);
    consumer.write("own.js", `${imports} import { Graph, init } from "lowrank";${own}`);
    expect(consumer.run("node", "own.js")).toBe(answer);
  });

  it("says how to install the Studio, which is a package of its own, and serves it then", async () => {
    const studio = ["node_modules/lowrank/dist/cli.js", "studio"];
    expect(() => consumer.run("node", ...studio)).toThrow(
      "error: the Studio's files are in the package @lowrank/studio, which is not installed: npm install @lowrank/studio",
    );
    const files = consumer.install("web", "@lowrank/studio");
    expect(files).toEqual(expect.arrayContaining(["dist/index.html", "dist/standalone.js", "LICENSE", "README.md"]));
    expect(files.filter((path) => !/^(dist\/[\w./-]+|package\.json|[A-Z-]+(\.md)?)$/.test(path))).toEqual([]);
    const serving = spawn("node", [...studio, "--port", "0"], { cwd: consumer.folder });
    try {
      const [line] = (await once(serving.stdout, "data")) as [Buffer];
      const [address] = /http:\S+/.exec(String(line))!;
      expect(await (await fetch(address)).text()).toContain("<title>");
    } finally {
      serving.kill();
    }
    const page = readFileSync(join(consumer.folder, "node_modules/lowrank/docs/studio.md"), "utf8");
    const open = 'import { readFileSync } from "node:fs"; console.log(readFileSync(`${folder}/index.html`, "utf8"));';
    consumer.write("studio.js", `${example(page, "studio-folder")}\n${open}`);
    expect(consumer.run("node", "studio.js")).toContain("<title>");
  });

  it("runs a job from lowrank/jobs, in Node and bundled for it", async () => {
    const model = join(consumer.folder, "model");
    cpSync(join(root, "test/golden/adapters/base/tiny_bert"), model, { recursive: true });
    consumer.write("model/tokenizer.json", JSON.stringify(tinyTokenizer()));
    consumer.write("data.csv", `text,label\n${examples.map(({ text, label }) => `"${text}",${label}\n`).join("")}`);
    consumer.write(
      "job.js",
      `import { folderStore, memoryStore, runJob } from "lowrank/jobs"; import { engineInfo } from "lowrank";
      const spec = { model: "model", data: "data.csv", steps: 3, threads: 1, build: "simd", baseline: false };
      const store = memoryStore();
      await runJob(spec, store);
      await runJob(spec, folderStore(process.argv[2]));
      console.log(engineInfo().build, Object.keys(store.files()).sort().join(" "));`,
    );
    const files = "adapter_config.json adapter_model.safetensors head.safetensors labels.json loss.svg report.json";
    expect(consumer.run("node", "job.js", "run")).toBe(`simd ${files}\n`);
    expect(readdirSync(join(consumer.folder, "run")).sort().join(" ")).toBe(files);

    const entry = join(consumer.folder, "job.js");
    const outfile = join(consumer.folder, "bundled/job.js");
    const bundling = { bundle: true, platform: "node", format: "esm", packages: "bundle" } as const;
    // A dependency in CommonJS asks for Node's modules by require.
    const banner = {
      js: 'import { createRequire as maker } from "node:module"; const require = maker(import.meta.url);',
    };
    await build({ entryPoints: [entry], outfile, banner, logLevel: "error", ...bundling });
    cpSync(join(root, "dist/wasm"), join(consumer.folder, "bundled/wasm"), { recursive: true });
    expect(consumer.run("node", "bundled/job.js", "bundled-run")).toBe(`simd ${files}\n`);
    const adapters = ["run", "bundled-run"].map((run) =>
      readFileSync(join(consumer.folder, run, "adapter_model.safetensors")),
    );
    expect(adapters[1]).toEqual(adapters[0]);
  });

  it("lowrank/graph works on the root's engine and with its classes", () => {
    consumer.write(
      "graph.js",
      `import * as root from "lowrank"; import { frozenMatrix, Graph, storedMatrix } from "lowrank/graph";
      await root.init({ threads: 1, build: "simd" });
      const graph = new Graph();
      const values = Float32Array.of(1, 2, 3, 4);
      const weight = frozenMatrix(graph, { shape: [2, 2], format: "f32", bytes: new Uint8Array(values.buffer) });
      const x = graph.constant(root.tensor([1, 2], [1, 1]));
      const y = graph.value(graph.linear(x, weight)).data.join(" ");
      console.log(y, storedMatrix(graph, weight).format, graph instanceof root.Graph, "frozenMatrix" in root);`,
    );
    expect(consumer.run("node", "graph.js")).toBe("4 6 f32 true false\n");
  });

  it("brings the command line", () => {
    expect(consumer.run("node", "node_modules/lowrank/dist/cli.js", "--help")).toContain("finetune");
  });

  it.each(["nodenext", "bundler"])(
    "type-checks in a project for browsers, without Node's types (%s)",
    (moduleResolution) => {
      const module = moduleResolution === "bundler" ? "esnext" : moduleResolution;
      const lib = ["es2023", "esnext.disposable", "dom"];
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: "es2022",
        lib,
        types: [],
        module,
        moduleResolution,
      };
      consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["types.ts"] }));
      const use = "export const leaf = (value: Tensor) => new Graph().constant(value);";
      const job = "export const job = (spec: JobSpec, store: RunStore) => runJob(spec, store).then((r) => r.report);";
      consumer.write(
        "types.ts",
        `import { Graph, type Tensor } from "lowrank";
        import { type JobSpec, runJob, type RunStore } from "lowrank/jobs"; ${use} ${job}`,
      );
      expect(consumer.run("node", join(root, "node_modules/typescript/bin/tsc"))).toBe("");
    },
  );
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { type OutputChunk, rollup } from "rollup";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** Bytes, gzip. */
const sizeOf = (script: string | Uint8Array) => gzipSync(script, { level: 9 }).length;

/** Bytes, gzip, of files in dist together. */
const sizeInDist = (names: readonly string[]) =>
  names.reduce((sum, name) => sum + sizeOf(readFileSync(join(root, "dist", name))), 0);

/** What rollup, and Vite with it, makes of a program that uses `names` of the package: its scripts, minified, by name. */
async function scripts(names: string): Promise<{ entry: OutputChunk; chunks: Map<string, OutputChunk> }> {
  const program = `export ${names} from ${JSON.stringify(join(root, "dist/browser.js"))};`;
  const entry = {
    name: "entry",
    resolveId: (id: string) => (id === "entry" ? id : null),
    load: (id: string) => (id === "entry" ? program : null),
  };
  const minify = {
    name: "minify",
    renderChunk: async (code: string) => transform(code, { minify: true, target: "es2022" }),
  };
  // As package.json says, which rollup reads by another plugin.
  const treeshake = { moduleSideEffects: (id: string) => id === "entry" || id.endsWith("browser.js") };
  const bundle = await rollup({ input: "entry", plugins: [entry, minify], treeshake, onwarn: () => undefined });
  const { output } = await bundle.generate({ format: "es" });
  const chunks = output.filter((file) => file.type === "chunk");
  return {
    entry: chunks.find(({ isEntry }) => isEntry)!,
    chunks: new Map(chunks.map((chunk) => [chunk.fileName, chunk])),
  };
}

/** Bytes, gzip, of the scripts that a page loads before it does anything, and of these with all that it fetches when it is used (readers of tables). */
interface Sizes {
  readonly first: number;
  readonly all: number;
}

const measured = new Map<string, Promise<Sizes>>();

/** The sizes of a program that uses `names` of the package, each measured once. */
function sizes(names: string): Promise<Sizes> {
  if (!measured.has(names)) measured.set(names, measure(names));
  return measured.get(names)!;
}

async function measure(names: string): Promise<Sizes> {
  const { entry, chunks } = await scripts(names);
  const loaded = new Set<string>();
  const load = (name: string) => {
    if (loaded.has(name)) return;
    loaded.add(name);
    chunks.get(name)!.imports.forEach(load);
  };
  load(entry.fileName);
  const sum = (some: Iterable<string>) => [...some].reduce((bytes, name) => bytes + sizeOf(chunks.get(name)!.code), 0);
  return { first: sum(loaded), all: sum(chunks.keys()) };
}

const layers = "Graph, LoraLinear, tensor, zeros, kaimingInit, gaussianInit";
const training = "AdamW, SGD, clipGradNorm, clipGradValue, cosineSchedule, linearSchedule";
const multiply = "{ init, Graph, tensor }";
const encoder = "{ SentenceEncoder, TextClassifier }";
const core = `{ init, engineInfo, ${layers}, ${training} }`;

/**
 * Most bytes, gzip, that each use may load: 10 % above what was measured. They protect pages from what is fetched by mistake: readers,
 * language models, structured output, runs and the engine on a GPU are fetched when they are used. Methods that return at once (`create`,
 * `addAdapter`, losses) and the checks of arguments cannot be.
 */
const bounds = {
  multiply: { first: 36_600, gpu: 26_600 },
  core: 42_500,
  encoder: { first: 121_000, all: 282_000 },
  everything: { first: 205_000, all: 468_000 },
  noBundler: {
    browser: 253_000,
    node: 275_000,
    graph: 55_000,
    serve: 244_000,
    "jobs-browser": 303_000,
    ai: 13_600,
    "remote-browser": 29_000,
  },
  poolThread: 1_710,
  worker: { start: 30_100, classifier: 154_000, all: 555_000 },
  remote: 17_700,
};

it("a page that only multiplies loads little JavaScript, and some more for a GPU", async () => {
  const { first, all } = await sizes(multiply);
  expect(first).toBeLessThanOrEqual(bounds.multiply.first);
  expect(all - first).toBeLessThanOrEqual(bounds.multiply.gpu);
});

it("the core (engine, graph, LoRA layers, optimizers) is small", async () => {
  const { first } = await sizes(core);
  expect(first).toBeLessThanOrEqual(bounds.core);
});

it("a page with an encoder and a classifier, and one with everything, fetches most of it late", async () => {
  const models = await sizes(encoder);
  expect(models.first).toBeLessThanOrEqual(bounds.encoder.first);
  expect(models.all).toBeLessThanOrEqual(bounds.encoder.all);
  const everything = await sizes("*");
  expect(everything.first).toBeLessThanOrEqual(bounds.everything.first);
  expect(everything.all).toBeLessThanOrEqual(bounds.everything.all);
});

/** The scripts that an entry imports, without those that it fetches by `import()`: texts by name. */
function staticScripts(entry: string): Map<string, string> {
  const loaded = new Map<string, string>();
  const load = (name: string) => {
    if (loaded.has(name)) return;
    const script = readFileSync(join(root, "dist", name), "utf8");
    loaded.set(name, script);
    for (const [, imported] of script.matchAll(/(?:from|import)\s*["']\.\/([\w-]+\.js)["']/g)) load(imported!);
  };
  load(entry);
  return loaded;
}

it.each(Object.entries(bounds.noBundler))("without a bundler, the entry %s fetches most of it late", (entry, bound) => {
  const scripts = [...staticScripts(`${entry}.js`).keys()];
  expect(scripts.length).toBeGreaterThan(1);
  expect(sizeInDist(scripts)).toBeLessThanOrEqual(bound);
});

/** What only some pages need, by a text of its scripts. */
const fetchedLate = {
  "CSV (papaparse)": "BAD_DELIMITERS",
  "chat templates (jinja)": "Unknown statement type",
  "tokenizers other than BERT's": "Unknown PreTokenizer type",
  "zip archives (fflate)": "invalid zip data",
  "Parquet's metadata": "parquet file",
  "the engine on a GPU": "createShaderModule",
};

it.each(Object.entries(fetchedLate))("a page without a bundler fetches %s when it is used", (_, text) => {
  const isIn = (name: string) => readFileSync(join(root, "dist", name), "utf8").includes(text);
  const scripts = readdirSync(join(root, "dist")).filter((name) => name.startsWith("shared-") && isIn(name));
  expect(scripts).not.toEqual([]);
  const loaded = staticScripts("browser.js");
  expect(scripts.filter((name) => loaded.has(name))).toEqual([]);
});

it("the file of the pool's threads is small and needs no other", () => {
  const script = readFileSync(join(root, "dist/worker-browser.js"), "utf8");
  expect(sizeOf(script)).toBeLessThanOrEqual(bounds.poolThread);
  expect(script).not.toMatch(/^(import|export)\b|\bimport\(/m);
});

const workerScripts = () => readdirSync(join(root, "dist/worker")).map((name) => `worker/${name}`);
/** Sizes of a page's worker: with an encoder and a classifier, and with all its scripts. */
const workerSizes = (): Sizes => ({
  first: sizeInDist(["lowrank-worker.js", "worker/models.js"]),
  all: sizeInDist(["lowrank-worker.js", ...workerScripts()]),
});

// What an encoder and a classifier need is a script of its own, which imports the worker's file alone.
it("a page's worker loads little at its start, more to train a classifier, and each script as it is", () => {
  const scripts = workerScripts();
  expect(scripts.length).toBeGreaterThan(8);
  expect(sizeInDist(["lowrank-worker.js"])).toBeLessThanOrEqual(bounds.worker.start);
  expect(workerSizes().first).toBeLessThanOrEqual(bounds.worker.classifier);
  expect(workerSizes().all).toBeLessThanOrEqual(bounds.worker.all);
  const started = readFileSync(join(root, "dist/remote-browser.js"), "utf8").replaceAll("\n", "");
  for (const name of scripts) {
    const script = readFileSync(join(root, "dist", name), "utf8");
    // It needs no other by name, and says that it is a module; bundlers copy those that they see, and Vite writes none of less than 4096 bytes
    // into another script.
    expect(script).toMatch(/^lowrankScript\(/);
    // The engine on a GPU names a package of Node, which a page does not ask for.
    const alone = name === "worker/webgpu.js" ? /^(import|export)\b/m : /^(import|export)\b|\bimport\((?!")/m;
    expect(script.replace(/export\{\}$/, "")).not.toMatch(alone);
    expect(script.length).toBeGreaterThan(4096);
    expect(started).toContain(`new URL("./${name}",import.meta.url)`);
  }
  expect(readFileSync(join(root, "dist/worker/models.js"), "utf8")).toMatch(
    /^lowrankScript\("[^"]+","models",\["\.\.\/lowrank-worker\.js"\]/,
  );
});

it("browser entries import nothing by the name of a package: pages cannot map it without a bundler", async () => {
  const entries = ["browser.js", "jobs-browser.js", "inline.js", "jobs-inline.js"];
  const { metafile } = await build({
    entryPoints: entries.map((name) => join(root, "dist", name)),
    bundle: true,
    format: "esm",
    splitting: true,
    outdir: "bundle",
    packages: "external",
    write: false,
    metafile: true,
    logLevel: "error",
  });
  const inputs = Object.values(metafile.inputs);
  expect(inputs.length).toBeGreaterThan(entries.length);
  expect(inputs.flatMap(({ imports }) => imports.filter(({ external }) => external))).toEqual([]);
});

/** Bytes, gzip, of what a page loads for `lowrank/worker`, bundled. */
async function remoteSize(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(root, "dist/remote-browser.js")],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return sizeOf(outputFiles[0]!.contents);
}

it("what a page loads for lowrank/worker is small with a bundler, too", async () => {
  expect(await remoteSize()).toBeLessThanOrEqual(bounds.remote);
});

it("the table in docs/start-page.md has what a page transfers, within a tenth", async () => {
  const binaries = readdirSync(join(root, "dist/wasm")).map((name) => sizeInDist([`wasm/${name}`]));
  const expected: Partial<Sizes>[] = [
    await sizes(multiply),
    await sizes(core),
    await sizes(encoder),
    await sizes("*"),
    { first: sizeInDist([...staticScripts("browser.js").keys()]) },
    { first: await remoteSize() },
    workerSizes(),
    { first: Math.max(...binaries) },
  ];
  const table = readFileSync(join(root, "docs/start-page.md"), "utf8").split("<!-- sizes -->")[1]!;
  const rows = [...table.matchAll(/^\| .+? \| (\d+) \| (\d*) ?\|$/gm)].map(([, ...cells]) => cells.map(Number));
  expect(rows).toHaveLength(expected.length);
  const isNear = (shown: number, bytes = 0) => Math.abs(1000 * shown - bytes) <= bytes / 10;
  const wrong = expected.filter(({ first, all }, i) => !isNear(rows[i]![0]!, first) || !isNear(rows[i]![1]!, all));
  expect(wrong).toEqual([]);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** A minified bundle for browsers that uses `names` of the package, and what a program fetches when it uses it. */
async function bundle(names: string) {
  return build({
    stdin: { contents: `export ${names} from "./dist/browser.js";`, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    splitting: true,
    outdir: "bundle",
    write: false,
    metafile: true,
    logLevel: "error",
  });
}

/** Bytes of the first script, gzip: what is fetched later (Parquet's reader) lies in others. */
async function size(names: string): Promise<number> {
  const { outputFiles } = await bundle(names);
  return gzipSync(outputFiles.find(({ path }) => path.endsWith("stdin.js"))!.contents, { level: 9 }).length;
}

const layers = "Graph, LoraLinear, tensor, zeros, kaimingInit, gaussianInit";
const training = "AdamW, SGD, clipGradNorm, clipGradValue, cosineSchedule, linearSchedule";
const core = `{ init, engineInfo, ${layers}, ${training} }`;

// The goal is 25,000, which the benchmark goes on naming. Checked arguments and calls that can be undone brought the core
// from 22,600 to 32,000; what described things twice was then taken out, to 26,500. Engines of which there may be several, each
// to be closed, calls that outlive their threads and structs for kernels took 950; the values behind each message and frozen
// weights in formats of their own 3,900, of which 850 were taken out again. Nodes found by their place, free lists that are kept and
// attributes checked once a layer, for which a small step takes a fifth less time, took 430. Reasons for one
// thread, what a server answered in place of a binary, workers from other places and names that survive a minifier took 900. Shorter
// names for private members would give 600 back; most of the rest is what messages say. This holds what was reached.
it("the core (engine, graph, LoRA layers, optimizers) is at most 34.5 kB of JavaScript", async () => {
  expect(await size(core)).toBeLessThanOrEqual(34_500);
});

// The goal for all was 55,000, before tables and Parquet were read, data summarised and encoders of six kinds known. Papaparse
// (7,000) and the tokenizer (11,000) are counted in.
it("a page with an encoder and a classifier is at most 111.6 kB, everything at most 144.7 kB", async () => {
  expect(await size("{ SentenceEncoder, TextClassifier }")).toBeLessThanOrEqual(111_600);
  expect(await size("*")).toBeLessThanOrEqual(144_700);
});

it("the file of the pool's threads is at most 2 kB and needs no other", () => {
  const script = readFileSync(join(root, "dist/worker-browser.js"), "utf8");
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(2_000);
  expect(script).not.toMatch(/^(import|export)\b|\bimport\(/m);
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

it("a bundler leaves out readers and models where a program uses neither", async () => {
  const { outputs } = (await bundle(core)).metafile;
  const main = Object.entries(outputs).find(([path]) => path.endsWith("stdin.js"))![1];
  const used = Object.entries(main.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const files = used.map(([file]) => file.split("/").at(-1)).sort();
  expect(files).toEqual(["browser.js", "shared-base.js", "shared-core.js", "shared-pool.js"]);
});

it("what a page loads for lowrank/worker, without a bundler, is at most 21.8 kB, with one 12 kB", async () => {
  const files = ["remote-browser.js", "shared-base.js", "shared-client.js", "shared-pool.js"];
  const entry = await build({
    entryPoints: [join(root, "dist/remote-browser.js")],
    ...{ bundle: true, minify: true, format: "esm", write: false, metafile: true },
  });
  const used = Object.keys(entry.metafile.inputs).map((file) => file.split("/").at(-1)!);
  expect(used.sort()).toEqual(files);
  const sizeOf = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;
  expect(sizeOf(entry.outputFiles[0]!.contents)).toBeLessThanOrEqual(12_000);
  const whole = files.reduce((sum, file) => sum + sizeOf(readFileSync(join(root, "dist", file))), 0);
  expect(whole).toBeLessThanOrEqual(21_800);
});

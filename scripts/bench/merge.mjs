// How fast `lowrank merge` writes a model, beside a plain copy of its file that waits for the disk, in turns. After `npm run build`:
//   node scripts/bench/merge.mjs [--gigabytes=1] [--rounds=3] [--only=regexp] [--folder=where the files go] [--node=flags]
//     [--against=another build's dist/cli.js, whose times come beside]
// A synthetic model of layers of 2048 × 2048 and 2048 × 5632, in each element type: with an adapter on queries and values, a sixth
// of its weights, and with one on all of them.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, mkdirSync, openSync, closeSync, fsyncSync, rmSync } from "node:fs";
import { statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { adapterConfig, readSafetensors, writeAdapter, writeSafetensors } from "../../dist/node.js";

const options = Object.fromEntries(process.argv.slice(2).map((option) => option.replace(/^--/, "").split(/=(.*)/s)));
const { gigabytes = 1, rounds = 3, only = "", folder = tmpdir(), node = "", against } = options;
const [HIDDEN, INNER, RANK] = [2048, 5632, 8];
const MODULES = {
  ...Object.fromEntries(["q", "k", "v", "o"].map((name) => [`self_attn.${name}_proj`, [HIDDEN, HIDDEN]])),
  "mlp.gate_proj": [INNER, HIDDEN],
  "mlp.up_proj": [INNER, HIDDEN],
  "mlp.down_proj": [HIDDEN, INNER],
};
const cli = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/cli.js");
const root = mkdtempSync(join(folder, "bench-merge-"));

/** Values near what a layer has, the same in each run. */
function values(length) {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) / 16;
  });
}

function writeBase(directory, dtype) {
  mkdirSync(directory);
  const shape = [INNER, HIDDEN];
  const sample = { w: { shape, data: values(INNER * HIDDEN) } };
  const bytes = readSafetensors(writeSafetensors(sample, undefined, { dtype })).raw("w");
  const size =
    (dtype === "F32" ? 4 : 2) * Object.values(MODULES).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const layers = Math.max(1, Math.round((gigabytes * 1e9) / size));
  const [header, parts] = [{}, []];
  let at = 0;
  for (let layer = 0; layer < layers; layer++)
    for (const [name, shape] of Object.entries(MODULES)) {
      const length = (dtype === "F32" ? 4 : 2) * shape[0] * shape[1];
      header[`model.layers.${layer}.${name}.weight`] = { dtype, shape, data_offsets: [at, (at += length)] };
      parts.push(bytes.subarray(0, length));
    }
  const json = JSON.stringify(header);
  const text = Buffer.from(json.padEnd(8 * Math.ceil(json.length / 8)));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  const file = openSync(join(directory, "model.safetensors"), "w");
  for (const part of [prefix, text, ...parts]) writeSync(file, part);
  fsyncSync(file);
  closeSync(file);
  return layers;
}

function writeLora(directory, layers, wanted) {
  mkdirSync(directory);
  const modules = Object.entries(MODULES).filter(([name]) => wanted.test(name));
  const lora = ([rows, columns]) => ({
    kind: "linear",
    rank: RANK,
    alpha: 16,
    scaling: 2,
    loraA: { shape: [columns, RANK], data: values(columns * RANK) },
    loraB: { shape: [RANK, rows], data: values(RANK * rows) },
  });
  const config = adapterConfig({ r: RANK, loraAlpha: 16, targetModules: modules.map(([name]) => name.split(".")[1]) });
  const entries = Array.from({ length: layers }, (_, layer) =>
    modules.map(([name, shape]) => [`model.layers.${layer}.${name}`, lora(shape)]),
  ).flat();
  const files = writeAdapter({ config, layers: new Map(entries), extra: new Map() });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(directory, name), bytes);
}

const seconds = (run) => {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
};

function copy(base) {
  const to = join(root, "copy.safetensors");
  const took = seconds(() => {
    copyFileSync(join(base, "model.safetensors"), to);
    const handle = openSync(to, "r+");
    fsyncSync(handle);
    closeSync(handle);
  });
  rmSync(to);
  return took;
}

function merge(base, adapter, cli) {
  const out = join(root, "merged");
  const args = [...node.split(" ").filter(Boolean), cli, "merge", "--base", base, "--adapter", adapter, "--out", out];
  let run;
  const took = seconds(() => (run = spawnSync(process.execPath, args, { encoding: "utf8" })));
  if (run.status !== 0) throw new Error(run.stderr);
  rmSync(out, { recursive: true });
  return took;
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
try {
  for (const dtype of ["F32", "F16", "BF16"]) {
    const base = join(root, dtype);
    const layers = writeBase(base, dtype);
    const size = statSync(join(base, "model.safetensors")).size / 1e9;
    for (const [name, wanted] of Object.entries({ "q, v": /[qv]_proj/, all: /./ })) {
      if (!new RegExp(only).test(`${dtype} ${name}`)) continue;
      const adapter = join(root, `${dtype}-${name.replace(", ", "")}`);
      writeLora(adapter, layers, wanted);
      const [copies, merges, others] = [[], [], []];
      for (let round = 0; round < rounds; round++) {
        copies.push(copy(base));
        merges.push(merge(base, adapter, cli));
        if (against !== undefined) others.push(merge(base, adapter, against));
      }
      const [copied, merged] = [median(copies), median(merges)];
      console.log(
        `${dtype}, ${size.toFixed(2)} GB, adapter on ${name}: merge ${merged.toFixed(2)} s (${(size / merged).toFixed(2)} GB/s), copy ${copied.toFixed(2)} s (${(size / copied).toFixed(2)} GB/s): ${(merged / copied).toFixed(2)} times`,
      );
      if (against !== undefined)
        console.log(
          `  the other: ${median(others).toFixed(2)} s, ${(median(others) / merged).toFixed(2)} times as long`,
        );
    }
    rmSync(base, { recursive: true });
  }
} finally {
  rmSync(root, { recursive: true });
}

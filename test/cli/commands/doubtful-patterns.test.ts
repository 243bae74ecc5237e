import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAdapter, SentenceEncoder, writeAdapter, writeFilesAtomically } from "../../../ts/entry/node.js";
import { lowrank, project } from "../fixture.js";

const encoder = (name: string) => join(project, "test/golden/encoders", name);
const llama = join(project, "test/golden/adapters/base/tiny_llama");
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lowrank-doubts-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A copy of an adapter's folder whose configuration says something else. */
async function changed(from: string, name: string, fields: object): Promise<string> {
  const to = join(folder, name);
  await cp(from, to, { recursive: true });
  const path = join(to, "adapter_config.json");
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), ...fields }));
  return to;
}

/** What a call writes with `console.warn`. */
function warned(work: () => void): string[] {
  const said: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => void said.push(line);
  try {
    work();
  } finally {
    console.warn = warn;
  }
  return said;
}

it("keys of patterns that decide for no layer are told by check, inspect, merge and loadAdapter", async () => {
  const odd = await changed(join(project, "test/golden/adapters/valid/llama_plain"), "patterns", {
    rank_pattern: { k_proj: 3 },
    alpha_pattern: { q_proj: 16, "layers.0.self_attn.q_proj": 4 },
  });
  const plain = join(project, "test/golden/adapters/valid/llama_plain");
  const said = /rank_pattern has a key that decides for no layer of the adapter: "k_proj"/;
  const both = /alpha_pattern has a key that decides for no layer of the adapter: "layers.0.self_attn.q_proj"/;
  const out = join(folder, "merged");
  for (const args of [["check"], ["merge", "--out", out]]) {
    const told = await lowrank([...args, "--base", llama, "--adapter", odd]);
    expect(told.code).toBe(0);
    expect(told.out + told.err).toMatch(said);
    expect(told.out + told.err).toMatch(both);
    const silent = await lowrank([
      ...args.slice(0, 1),
      ...args.slice(1, 2),
      ...(args.length > 1 ? [`${out}-plain`] : []),
      "--base",
      llama,
      "--adapter",
      plain,
    ]);
    expect(silent.out + silent.err).not.toMatch(/pattern/);
  }
  expect((await lowrank(["inspect", odd])).out).toMatch(said);
});

it("addAdapter tells of a rank or an alpha for a module that is not adapted", async () => {
  using bert = await SentenceEncoder.load(encoder("bert"));
  const add = (name: string, options: object) =>
    warned(() => bert.addAdapter(name, { targetModules: ["query"], ...options }));
  expect(add("a", { rankPattern: { querry: 2 } })).toEqual([
    'lowrank: addAdapter: rank_pattern has a key that decides for no layer of the adapter: "querry"',
  ]);
  expect(add("b", { alphaPattern: { value: 2 } }).join()).toContain(
    "alpha_pattern has a key that decides for no layer",
  );
  expect(add("c", { alphaPattern: { query: 2 }, rankPattern: { "layer.1.*": 3 } })).toEqual([]);
});

it("an adapter of another family with the same shapes is told by load, check, inspect and merge", async () => {
  using bert = await SentenceEncoder.load(encoder("bert"));
  using electra = await SentenceEncoder.load(encoder("electra"));
  bert.addAdapter("a", { targetModules: ["query"] });
  const files = bert.saveAdapter("a");
  const own = join(folder, "own");
  await writeFilesAtomically(own, files);
  expect(warned(() => bert.loadAdapter("b", files))).toEqual([]);
  const library = { base_model_class: "BertModel", parent_library: "transformers.models.bert.modeling_bert" };
  const adapter = readAdapter(files);
  const layers = new Map([...adapter.layers].map(([path, layer]) => [`bert.${path}`, layer]));
  await writeFilesAtomically(join(folder, "wrapped"), writeAdapter({ ...adapter, layers }));
  const signs: [string, RegExp][] = [
    [
      await changed(own, "class", { auto_mapping: library }),
      /was made on transformers' bert, and the base is of the type electra/,
    ],
    [join(folder, "wrapped"), /layers are called "bert\.…", and the base is of the type electra/],
    [
      await changed(own, "named", { base_model_name_or_path: "microsoft/mpnet-base" }),
      /names microsoft\/mpnet-base as its base, and/,
    ],
    [await changed(own, "task", { task_type: "CAUSAL_LM" }), /task is CAUSAL_LM, and the base is of the type electra/],
  ];
  for (const [i, [path, said]] of signs.entries()) {
    expect(warned(() => electra.loadAdapter(`r${i}`, path)).join("\n")).toMatch(said);
    expect((await lowrank(["check", path, "--base", encoder("electra")])).out).toMatch(said);
    expect((await lowrank(["inspect", path, "--base", encoder("electra")])).out).toMatch(said);
    const merged = await lowrank(["merge", path, "--base", encoder("electra"), "--out", join(folder, `merged${i}`)]);
    expect({ code: merged.code, said: said.test(merged.err) }).toEqual({ code: 0, said: true });
  }
  const other = await lowrank(["check", own, "--base", encoder("electra")]);
  expect(other.out).toMatch(/note: the adapter names .*bert as its base, this one is called .*electra/);
  expect((await lowrank(["check", own, "--base", encoder("bert")])).out).not.toContain("names");
});

it("inspect lists layers and tensors as the model has them, 2 before 10", async () => {
  using bert = await SentenceEncoder.load(encoder("bert"));
  bert.addAdapter("a", { targetModules: ["query"] });
  const adapter = readAdapter(bert.saveAdapter("a"));
  const [layer] = [...adapter.layers.values()];
  const layers = new Map([10, 2, 1].map((i) => [`encoder.layer.${i}.query`, layer!] as const));
  const deep = join(folder, "deep");
  await writeFilesAtomically(deep, writeAdapter({ ...adapter, layers }));
  const { out } = await lowrank(["inspect", deep]);
  const numbers = [...out.matchAll(/layer\.(\d+)\.query(?=\s|\.lora_A)/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual([1, 2, 10, 1, 2, 10]);
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, type TensorFile } from "../../../ts/entry/node.js";
import { lowrank, project } from "../fixture.js";

interface Case {
  readonly base: string;
  readonly adapter: string;
  readonly tensors: number;
}

const golden = (path: string) => join(project, "test/golden", path);
const cases = JSON.parse(readFileSync(golden("merged/cases.json"), "utf8")) as Record<string, Case>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-merge-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const isWeights = (file: string) => file.endsWith(".safetensors");

/** A model's tensors by name, whichever of its files they lie in. */
function tensorsOf(directory: string): Map<string, TensorFile> {
  const files = readdirSync(directory)
    .filter(isWeights)
    .map((file) => readSafetensors(readFileSync(join(directory, file))));
  return new Map(files.flatMap((file) => file.names.map((name) => [name, file] as const)));
}

/** The name in a file of what PEFT's model calls so: heads and prefixes come and go. */
function nameIn(tensors: ReadonlyMap<string, unknown>, name: string): string {
  if (tensors.has(name)) return name;
  const found = [...tensors.keys()].filter((known) => known.endsWith(`.${name}`) || name.endsWith(`.${known}`));
  expect([name, found.length]).toEqual([name, 1]);
  return found[0]!;
}

/** Half of the distance between neighbouring numbers of a type, relative to them, and the smallest such distance. */
const rounding = { F32: [0, 0], F16: [2 ** -11, 2 ** -25], BF16: [2 ** -8, 0] } as Record<string, [number, number]>;

/** Word embeddings of models whose output is tied to them, and what is as it was after a merge, under the names that their models have. */
const untied: Readonly<Record<string, { embedding: string; kept: readonly string[] }>> = {
  tied_output: { embedding: "model.embed_tokens.weight", kept: ["model.embed_tokens.weight"] },
  tied_embedding: { embedding: "model.embed_tokens.weight", kept: ["lm_head.weight"] },
  tied_sharded: { embedding: "model.embed_tokens.weight", kept: ["lm_head.weight"] },
  tied_nomic: {
    embedding: "nomic_bert.embeddings.word_embeddings.weight",
    kept: ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"],
  },
  tied_whisper: { embedding: "model.decoder.embed_tokens.weight", kept: ["model.decoder.embed_tokens.weight"] },
  tied_mamba: { embedding: "backbone.embeddings.weight", kept: ["lm_head.weight"] },
};

/** Sums of float32, relative to the largest value; PEFT's are such sums, too. */
const SUMS = 2e-6;

/*
 * Values that PEFT computed in float32 from the base's are met within the rounding of sums, and of the base's own type once. All
 * other tensors are the base's, byte for byte.
 */
describe("a merge by file gives what PEFT's merge_and_unload does", () => {
  it.each(Object.entries(cases))("%s", async (name, { base, adapter, tensors: count }) => {
    const out = join(folder, name);
    const { code, err } = await lowrank(["merge", "--base", golden(base), "--adapter", golden(adapter), "--out", out]);
    expect({ code, err: err.replace(/^(fan_in_fan_out|[\w.]+ is both the word).*\n/gm, "") }).toEqual({
      code: 0,
      err: "",
    });
    expect(readdirSync(out).filter(isWeights)).toEqual(readdirSync(golden(base)).filter(isWeights));
    const [before, after] = [tensorsOf(golden(base)), tensorsOf(out)];
    const expected = readSafetensors(readFileSync(golden(`merged/${name}/expected.safetensors`)));
    expect(expected.names.length).toBe(count);
    const changed = new Set<string>();
    for (const wanted of expected.names) {
      const own = nameIn(after, wanted);
      changed.add(own);
      const [{ dtype, shape }, want] = [after.get(own)!.info(own), expected.tensor(wanted)];
      expect(shape).toEqual(want.shape);
      if (before.has(own)) expect(dtype).toBe(before.get(own)!.info(own).dtype);
      const got = after.get(own)!.tensor(own).data;
      const largest = want.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const [relative, least] = rounding[dtype]!;
      const beyond = want.data.filter((value, i) => {
        const allowed = SUMS * largest + relative * Math.abs(value) * (1 + SUMS) + least;
        return !(Math.abs(got[i]! - value) <= allowed);
      });
      expect([own, beyond.length]).toEqual([own, 0]);
    }
    for (const [own, file] of before) {
      if (changed.has(own)) continue;
      expect(Buffer.compare(after.get(own)!.raw(own), file.raw(own))).toBe(0);
    }
    expect([...after.keys()].filter((own) => !before.has(own) && !changed.has(own)).sort()).toEqual(
      // An adapted embedding leaves its tied output a copy of what it was, with its bias, which the file has by another name alone.
      (untied[name]?.kept ?? []).filter((tensor) => !before.has(tensor)).sort(),
    );
  });

  it("an output that was tied has a weight of its own then, and config.json says so", () => {
    for (const [name, { embedding, kept }] of Object.entries(untied)) {
      const base = golden(cases[name]!.base);
      const config = (at: string) =>
        JSON.parse(readFileSync(join(at, "config.json"), "utf8")) as Record<string, unknown>;
      // Where it is not said they are tied: transformers writes what is not the default.
      expect([config(base)["tie_word_embeddings"] ?? true, config(join(folder, name))["tie_word_embeddings"]]).toEqual([
        true,
        false,
      ]);
      expect({ ...config(join(folder, name)), tie_word_embeddings: true }).toEqual({
        ...config(base),
        tie_word_embeddings: true,
      });
      const [before, after] = [tensorsOf(base), tensorsOf(join(folder, name))];
      expect(Buffer.compare(after.get(kept[0]!)!.raw(kept[0]!), before.get(embedding)!.raw(embedding))).toBe(0);
    }
  });

  it("a sharded base stays sharded, with an index of what there is now", () => {
    for (const name of ["llama_sharded", "tied_sharded"]) {
      const out = join(folder, name);
      const index = JSON.parse(readFileSync(join(out, "model.safetensors.index.json"), "utf8")) as {
        metadata: { total_size: number };
        weight_map: Record<string, string>;
      };
      let total = 0;
      for (const [tensor, file] of Object.entries(index.weight_map))
        total += readSafetensors(readFileSync(join(out, file))).raw(tensor).byteLength;
      expect(index.metadata.total_size).toBe(total);
      expect(Object.keys(index.weight_map).sort()).toEqual([...tensorsOf(out).keys()].sort());
      expect(new Set(Object.values(index.weight_map)).size).toBeGreaterThan(2);
    }
  });

  it("takes single files, several files and their index as the base, too", async () => {
    const { base, adapter } = cases["llama_sharded"]!;
    const shards = readdirSync(golden(base))
      .filter(isWeights)
      .map((file) => join(golden(base), file));
    const forms = { files: shards, index: [join(golden(base), "model.safetensors.index.json")] };
    const whole = tensorsOf(join(folder, "llama_sharded"));
    for (const [form, names] of Object.entries(forms)) {
      const out = join(folder, `as-${form}`);
      const args = ["merge", golden(adapter), "--base", ...names, "--out", out];
      expect(await lowrank(args)).toMatchObject({ code: 0, err: "" });
      const made = tensorsOf(out);
      for (const [name, file] of whole) expect(Buffer.compare(made.get(name)!.raw(name), file.raw(name))).toBe(0);
      expect(existsSync(join(out, "config.json"))).toBe(true);
    }
    const plain = cases["llama_plain"]!;
    const single = ["--base", join(golden(plain.base), "model.safetensors"), "--adapter", golden(plain.adapter)];
    expect(await lowrank(["merge", ...single, "--out", join(folder, "as-file")])).toMatchObject({ code: 0, err: "" });
    expect(
      readFileSync(join(folder, "as-file", "model.safetensors"))
        .subarray(-4096)
        .equals(readFileSync(join(folder, "llama_plain", "model.safetensors")).subarray(-4096)),
    ).toBe(true);
  });
});

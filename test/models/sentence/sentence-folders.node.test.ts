import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readSafetensors, SentenceEncoder, writeFilesAtomically } from "../../../ts/entry/node.js";
import { projectPath } from "../../setup/files.js";
import { goldenExpected, texts } from "./golden-folder.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-folders-"));
  await cp(projectPath("test/golden/encoders/roberta"), join(folder, "models/encoders/roberta"), { recursive: true });
  await cp(projectPath("test/golden/tasks/files/adapter-roberta"), join(folder, "tasks/files/adapter"), {
    recursive: true,
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("finds the base of an adapter's folder relative to that folder", async () => {
  const expected = readSafetensors(await goldenExpected("adapter-roberta")).tensor("vectors").data;
  using encoder = await SentenceEncoder.load(join(folder, "tasks/files/adapter"));
  const vectors = (await encoder.encode(texts)).flatMap((vector) => [...vector]);
  for (const [i, x] of vectors.entries()) expect(Math.abs(x - expected[i]!)).toBeLessThan(2e-6);
});

it("writes a folder with folders in it, of files that are still to come", async () => {
  const out = join(folder, "saved");
  using encoder = await SentenceEncoder.load(join(folder, "tasks/files/adapter"));
  const vectors = await encoder.encode(texts);
  await writeFilesAtomically(out, encoder.save({ adapter: "default", merged: true }));
  expect((await readdir(out, { recursive: true })).sort()).toEqual([
    "1_Pooling",
    "1_Pooling/config.json",
    "README.md",
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  using again = await SentenceEncoder.load(out);
  for (const [i, vector] of (await again.encode(texts)).entries())
    for (const [j, x] of vector.entries()) expect(Math.abs(x - vectors[i]![j]!)).toBeLessThan(2e-6);
  const bytes = new Uint8Array(1);
  for (const name of ["../a", "a/../b", "/a", "a//b", "a/"])
    await expect(writeFilesAtomically(join(folder, "new"), { [name]: bytes })).rejects.toThrow(
      "expected a file's name",
    );
  await expect(readdir(join(folder, "new"))).rejects.toThrow("ENOENT");
});

it("names the folder of a damaged file: the adapter's or its base's", async () => {
  const [adapter, base] = [
    join(folder, "damaged/tasks/files/adapter"),
    join(folder, "damaged/models/encoders/roberta"),
  ];
  await cp(join(folder, "models"), join(folder, "damaged/models"), { recursive: true });
  await cp(join(folder, "tasks"), join(folder, "damaged/tasks"), { recursive: true });
  await cp(join(base, "tokenizer.json"), join(adapter, "tokenizer.json"));
  const damage: readonly (readonly [string, string, string])[] = [
    [adapter, "tokenizer.json", "{}"],
    [adapter, "tokenizer.json", "["],
    [adapter, "modules.json", "{}"],
    [adapter, "modules.json", '[{ "type": "x.Other", "path": "" }]'],
    [base, "config.json", "["],
    [base, "config.json", '{ "model_type": "roberta", "hidden_size": "wide" }'],
    [base, "config.json", '{ "model_type": "unheard" }'],
  ];
  for (const [of, file, text] of damage) {
    const bytes = await readFile(join(of, file));
    await writeFile(join(of, file), text);
    const opened = SentenceEncoder.load(adapter).then(
      (encoder) => encoder.dispose(),
      (error: Error) => error.message,
    );
    const [, named = "", after = ""] = /^model (.*?): (.*)$/su.exec((await opened) ?? "") ?? [];
    expect([resolve(named), after.slice(0, file.length)], text).toEqual([of, file]);
    await writeFile(join(of, file), bytes);
  }
});

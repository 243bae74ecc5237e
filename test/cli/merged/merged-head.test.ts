import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAdapter, readSafetensors, TokenClassifier, type TokenSpan } from "../../../ts/entry/node.js";
import { data } from "../../tasks/tokens/tiny-token-job.js";
import { lowrank, project } from "../fixture.js";

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
const base = join(project, "test/golden/encoders/bert");
const text = "Ada Lovelace lived in London";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-head-"));
  await writeFile(at("names.conll"), data["names.conll"]!);
  const files = ["--model", base, "--data", at("names.conll"), "--out", at("run")];
  const short = ["--steps", "12", "--batch-size", "6", "--learning-rate", "0.01", "--rank", "4"];
  const { code } = await lowrank(["finetune", "--task", "tokens", ...files, ...short]);
  expect(code).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("an adapter with a head, on a base without one", () => {
  it("fits, and is merged to the names of the model with the head", async () => {
    const checked = await lowrank(["check", at("run"), "--base", base]);
    expect(checked).toMatchObject({ code: 0, err: "" });
    expect(checked.out).toMatch(/ fits .*: 6 matrices in 2 layers; with a head for \d+ labels\n {2}note: .*classifier/);
    const { code, err } = await lowrank(["merge", at("run"), "--base", base, "--out", at("merged")]);
    expect(code).toBe(0);
    expect(err).toMatch(/config\.json says BertForTokenClassification with \d+ labels/);
    const [before, after] = [base, at("merged")].map((model) =>
      readSafetensors(readFileSync(join(model, "model.safetensors"))),
    );
    const expected = [...before!.names.map((name) => `bert.${name}`), "classifier.bias", "classifier.weight"];
    expect([...after!.names].sort()).toEqual(expected.sort());
    const head = readAdapter(at("run")).extra;
    const [, weight] = [...head].find(([name]) => name.endsWith("classifier.weight"))!;
    expect(after!.tensor("classifier.weight")).toEqual(weight);
    const config = JSON.parse(readFileSync(at("merged", "config.json"), "utf8"));
    expect(config).toMatchObject({ architectures: ["BertForTokenClassification"], model_type: "bert" });
    const { labels } = JSON.parse(readFileSync(at("run", "labels.json"), "utf8"));
    expect(Object.values(config.id2label)).toEqual(labels);
  });

  it("answers at another rank, with its labels", async () => {
    const { code, out } = await lowrank(["resize", at("run"), "--rank", "2", "--out", at("smaller")]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("labels.json copied with it") as string });
    expect(out).toContain("report.json");
    const said = await lowrank(["predict", "--run", at("smaller"), "--json", text]);
    expect(said).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(said.out)).toMatchObject({ text });
  });

  it("of a run with a head alone, it is said that there is no adapter", async () => {
    const labels = JSON.parse(readFileSync(at("run", "labels.json"), "utf8"));
    await mkdir(at("head"));
    await writeFile(at("head", "labels.json"), JSON.stringify({ ...labels, adapter: false }));
    for (const args of [["check"], ["merge", "--out", at("none")]]) {
      const { code, err } = await lowrank([...args, "--adapter", at("head"), "--base", base]);
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringContaining("a head-only run has no adapter") as string,
      });
    }
  });

  it("answers as base and adapter do", async () => {
    const merged = await TokenClassifier.open(at("merged"));
    const entities = await merged.predict([text]);
    merged.dispose();
    const { out } = await lowrank(["predict", "--run", at("run"), "--json", text]);
    const apart = JSON.parse(out) as { entities: TokenSpan[] };
    const places = (found: TokenSpan[]) => found.map(({ label, start, end }) => [label, start, end]);
    expect(places(entities[0]!)).toEqual(places(apart.entities));
  });
});

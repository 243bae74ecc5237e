import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lowrank, project } from "../fixture.js";
import { lowrankProcess } from "../process.js";
import { conll, data, sentences } from "../../tasks/tokens/tiny-token-job.js";

let folder: string;
let model: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-names-"));
  model = at("model");
  await cp(join(project, "test/golden/encoders/bert"), model, { recursive: true });
  await writeFile(at("names.conll"), data["names.conll"]!);
  await writeFile(at("more.tsv"), conll(sentences.slice(0, 4), "\t"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const short = (out: string, ...more: string[]) => [
  "finetune",
  "--task",
  "tokens",
  "--model",
  model,
  "--data",
  at("names.conll"),
  "--out",
  at(out),
  "--steps",
  "30",
  "--batch-size",
  "6",
  "--learning-rate",
  "0.01",
  "--rank",
  "4",
  "--evaluate-every",
  "10",
  "--validation-split",
  "0.2",
  ...more,
];
const report = async (out: string) => JSON.parse(await readFile(at(out, "report.json"), "utf8"));

describe("finetune --task tokens", () => {
  it("names the options of its own columns where a table lacks one", async () => {
    await writeFile(at("others.csv"), "sentence,word,tag\n1,Ada,B-PER\n");
    const { code, err } = await lowrank(["finetune", "--task", "tokens", "--model", model, "--data", at("others.csv")]);
    expect([code, err]).toEqual([1, expect.stringMatching(/--fields, such as tokens=…,tags=…$/m)]);
    expect(err).not.toContain("--text");
  });

  it("trains on names, shows F1 beside the head-only baseline, and predicts with the result", async () => {
    const { code, out, err } = await lowrank(short("names"));
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^.*: 6 examples to measure on are few: [^\n]*\(small-test\)\n$/),
    });
    expect(out).toMatch(/data +.*names\.conll: 19 examples of 95 words for training/);
    expect(out).toMatch(/train.*tokens\/s.*left/);
    expect(out).toMatch(
      /head only +[\d.]+ % .*\n.*head and adapter +[\d.]+ %.*\nhead only: a logistic regression for words on the vectors of the unchanged encoder\n/,
    );
    expect(out).toMatch(/Compared with the head-only baseline: [+−][\d.]+ points of entity F1 \(95 %: /);
    const { result } = await report("names");
    const evaluated = await lowrank(["evaluate", "--run", at("names"), "--json"]);
    expect({ code: evaluated.code, err: evaluated.err }).toEqual({ code: 0, err: "" });
    const measured = JSON.parse(evaluated.out);
    expect(measured.f1).toBe(result.after.f1);
    const other = await lowrank(["evaluate", "--run", at("names"), "--data", at("more.tsv")]);
    expect(other.out).toMatch(/more\.tsv: 4 examples of 20 words\nentity F1 /);
    const said = await lowrank(["predict", "--run", at("names"), "--json", "Ada Lovelace lived in London"]);
    const { text, entities } = JSON.parse(said.out);
    expect(text).toBe("Ada Lovelace lived in London");
    for (const { start, end, text: part } of entities) expect(part).toBe(text.slice(start, end));
    expect((await lowrank(["predict", "--run", at("names"), "--out", at("a.csv"), "Ada"])).err).toMatch(/use --json/);
    const vectors = await lowrank(["embed", "--adapter", at("names"), "Ada"]);
    const plain = await lowrank(["embed", "--model", model, "Ada"]);
    expect({ code: vectors.code, err: vectors.err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(vectors.out).embedding).not.toEqual(JSON.parse(plain.out).embedding);
    expect((await lowrank(["inspect", at("names")])).out).toMatch(
      /entity F1 +[\d.]+ % head-only baseline, [\d.]+ % the result/,
    );
  });

  it("is measured on its own test file with its own labels, whatever labels its training data have by now", async () => {
    await writeFile(at("grown.conll"), data["names.conll"]!);
    const { code } = await lowrank(short("tested", "--data", at("grown.conll"), "--test", at("more.tsv")));
    expect(code).toBe(0);
    const measure = async () => JSON.parse((await lowrank(["evaluate", "--run", at("tested"), "--json"])).out);
    const before = await measure();
    expect(before.f1).toBe((await report("tested")).result.after.f1);
    await writeFile(at("grown.conll"), `Here B-HERE\n\n${new TextDecoder().decode(data["names.conll"])}`);
    expect(await measure()).toEqual(before);
  });

  it("labels the words of files as evaluate reads them, without their tags", async () => {
    const words = ["Zbrzezny", "lived", "in", "Kwazimbe", "."];
    const rows = words.map((word) => `${word} O\n`).join("");
    await writeFile(at("new.conll"), rows);
    await writeFile(at("new.txt"), rows);
    await writeFile(at("bare.conll"), words.map((word) => `${word}\n`).join(""));
    await writeFile(at("new.jsonl"), `${JSON.stringify({ tokens: words })}\n`);
    await writeFile(at("new.csv"), `sentence,tokens\n${words.map((word) => `1,${word}\n`).join("")}`);
    const predict = (...args: string[]) => lowrank(["predict", "--run", at("names"), "--json", ...args]);
    const [first, ...others] = await Promise.all(
      ["new.conll", "new.txt", "bare.conll", "new.jsonl", "new.csv"].map((name) => predict("--file", at(name))),
    );
    expect({ code: first!.code, err: first!.err }).toEqual({ code: 0, err: "" });
    for (const other of others) expect(other).toEqual(first);
    const found = JSON.parse(first!.out);
    expect(found).toMatchObject({ text: "Zbrzezny lived in Kwazimbe .", words });
    expect(found.labels).toHaveLength(words.length);
    // What is predicted is what is measured: with its own labels each word is right.
    await writeFile(at("own.json"), JSON.stringify([{ words, ner: found.labels }]));
    const fields = ["--fields", "tokens=words,tags=ner", "--json"];
    const measured = await lowrank(["evaluate", "--run", at("names"), "--data", at("own.json"), ...fields]);
    expect({ code: measured.code, err: measured.err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(measured.out)).toMatchObject({ accuracy: 1, count: words.length });
    await writeFile(at("lines.txt"), `${found.text}\n`);
    const line = JSON.parse((await predict("--file", at("lines.txt"))).out);
    expect(line).toEqual({ text: found.text, entities: found.entities });
    await writeFile(at("texts.csv"), `body\n${found.text}\n`);
    expect(JSON.parse((await predict("--file", at("texts.csv"), "--text", "body")).out)).toEqual(line);
    expect((await predict("--file", at("texts.csv"))).err).toMatch(/name a column of texts with --text COLUMN/);
    const strange = await lowrank(["evaluate", "--run", at("names"), "--fields", "tokens=a"]);
    expect(strange.err).toMatch(/--data is missing/);
  });

  it("labels words of standard input too, and those of a merged model", async () => {
    const rows = await readFile(at("new.conll"), "utf8");
    const predict = (run: string, args: string[], input?: string) =>
      lowrank(["predict", "--run", at(run), "--json", ...args], input === undefined ? {} : { input });
    const first = await predict("names", ["--file", at("new.conll")]);
    expect(await predict("names", [], rows)).toEqual(first);
    const line = await predict("names", [], "Zbrzezny lived in Kwazimbe .\n");
    expect(JSON.parse(line.out)).not.toHaveProperty("labels");
    const merged = await lowrank(["merge", at("names"), "--out", at("merged")]);
    expect({ code: merged.code, err: merged.err }).toEqual({
      code: 0,
      err: expect.stringMatching(/^the base has no classifier/) as string,
    });
    const answer = await predict("merged", [], rows);
    expect({ code: answer.code, err: answer.err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(answer.out).labels).toEqual(JSON.parse(first.out).labels);
  });

  it("looks at labelled words before training, and refuses weights of labels that there are not", async () => {
    const looked = await lowrank(["data", at("names.conll"), "--test", at("more.tsv"), "--model", model]);
    expect(looked.err).toMatch(/^(read texts +\d+\/34\n)*read texts +34\/34\n$/);
    expect(looked.out).toMatch(
      /^30 examples for training: 150 words, 60 entities \(LOC 30, PER 30\)\n4 examples for testing: 20 words, 8 entities \(LOC 4, PER 4\)\n/,
    );
    expect(looked.out).toMatch(/\nO +60 +8 +40\.0 % /);
    expect(looked.out).toMatch(/training +tokens/);
    expect(looked.out).toMatch(/also in the training data|the test data are the training data/);
    expect(looked.code).toBe(1);
    const json = await lowrank(["data", at("more.tsv"), "--task", "tokens", "--model", model, "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      task: "tokens",
      labels: [{ label: "O", train: 8 }, { label: "B-LOC", train: 4 }, {}, {}],
      train: { examples: 4 },
      about: { train: { words: 20, entities: { LOC: 4, PER: 4 } }, test: null },
    });
    expect((await lowrank(["data", at("names.conll"), "--label", "x"])).err).toMatch(
      /--label is not an option of --task tokens; --fields names its columns/,
    );
    const args = ["--model", at("no-such-model"), "--data", at("names.conll"), "--out", at("weighted")];
    const weighted = await lowrank(["finetune", "--task", "tokens", ...args, "--class-weights", "B-PRE=2"]);
    expect(weighted.err).toMatch(
      /--class-weights names \["B-PRE"\], which is not a label of any example; the labels are O, B-LOC/,
    );
  });

  it("refuses words in place of tags", async () => {
    const args = ["--data", at("names.conll"), "--model", model, "--out", at("swapped"), "--fields", "tokens=1,tags=0"];
    const { code, err } = await lowrank(["finetune", "--task", "tokens", ...args]);
    expect(code).not.toBe(0);
    expect(err).toMatch(/\d+ different labels of 150 words, .* seem to be swapped; name them with --fields/);
    expect(existsSync(at("swapped", "adapter_model.safetensors"))).toBe(false);
  });

  it("goes on to the same bits after kill -9", async () => {
    let sent = false;
    const { signal } = await lowrankProcess(short("killed", "--steps", "60"), folder, (_, child) => {
      // Its first checkpoint is there, so it is in the middle.
      if (sent || !existsSync(at("killed", "checkpoint.safetensors"))) return;
      sent = true;
      child.kill("SIGKILL");
    });
    expect(signal).toBe("SIGKILL");
    const refused = await lowrank(["finetune", "--resume", at("killed"), "--rank", "8"]);
    expect(refused.err).toMatch(/got --rank 8, the run has 4/);
    const resumed = await lowrankProcess(["finetune", "--resume", at("killed")], folder);
    expect(resumed.code).toBe(0);
    expect(resumed.err).toMatch(/^\S+: \d+ examples to measure on are few: .*\(small-test\)\n$/);
    expect(resumed.out).toMatch(/Continuing after step \d+ of 60/);
    expect((await lowrankProcess(short("whole", "--steps", "60"), folder)).code).toBe(0);
    const adapter = (out: string) => readFile(at(out, "adapter_model.safetensors"));
    expect(await adapter("killed")).toEqual(await adapter("whole"));
    expect((await report("killed")).result).toEqual((await report("whole")).result);
  });

  it.each<[string, string[], RegExp]>([
    [
      "columns of a table",
      ["--data", "a.conll", "--label", "x"],
      /--label is not an option of --task tokens; --fields/,
    ],
    ["no data", [], /--task tokens needs examples to train on/],
    ["strange fields", ["--data", "a.conll", "--fields", "word=1"], /fields has no "word"; there are tokens, tags/],
    ["a weight format", ["--data", "a.conll", "--gguf"], /--gguf is not an option of --task tokens/],
  ])("refuses %s", async (_, args, message) => {
    const { code, err } = await lowrank(["finetune", "--task", "tokens", "--out", at("refused"), ...args]);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });

  it("tests each example in a fold", async () => {
    const { code, out, err } = await lowrank(short("folds", "--folds", "2"));
    expect([code, err.includes("error")]).toEqual([0, false]);
    expect(out).toMatch(/^Fold 1 of 2\nFold 2 of 2$/m);
    expect(out).toMatch(
      /^entity F1 +head only +head and adapter\nfold 1 .*\nfold 2 .*\n\nmean ± deviation +entity F1 .*\nmajority class +\d.*\nhead only +\d.* ± .*\nhead and adapter +\d.* ± /m,
    );
    const inspected = await lowrank(["inspect", at("folds")]);
    expect(inspected.out).toMatch(/^folds +cross-validation, all 2 folds done/);
    expect(inspected.out).toMatch(/^results .*entity F1/m);
  });
});

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TextClassifier, TokenClassifier, writeFilesAtomically } from "../../../ts/entry/node.js";
import { lowrank, project } from "../fixture.js";

// Classifiers that no run of ours made: PEFT's adapters with their head, and checkpoints of transformers.

const golden = (name: string) => join(project, "test/golden", name);
const texts = ["a fine day", "nothing of the kind, however long it may be"];

let folder = "";
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-foreign-"));
  for (const [from, to, tokenizer] of [
    ["heads/bert", "checkpoint", "encoders/distilbert"],
    ["tokens/bert", "token-checkpoint", "encoders/bert"],
  ] as const) {
    await cp(golden(from), path(to), { recursive: true });
    await cp(golden(join(tokenizer, "tokenizer.json")), join(path(to), "tokenizer.json"));
  }
  await cp(golden("token-adapters/bert"), path("peft-tokens"), { recursive: true });
  using classifier = await TextClassifier.open(path("checkpoint"), { lora: { rank: 2, initLoraWeights: false } });
  await writeFilesAtomically(path("peft"), classifier.savePeft());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const objects = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

it.each([
  ["PEFT's adapter with its head", ["--run", "peft"]],
  ["the same on a base that is named", ["--run", "peft", "--model", "checkpoint"]],
  ["a checkpoint", ["--model", "checkpoint"]],
  ["a checkpoint named as a run", ["--run", "checkpoint"]],
])("predict takes %s, with the answers of TextClassifier.open", async (_, place) => {
  const named = place.map((word) => (word.startsWith("--") ? word : path(word)));
  const { code, out, err } = await lowrank(["predict", ...named, "--json", ...texts]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  using classifier = await TextClassifier.open(named[1]!);
  expect(objects(out)).toEqual(await classifier.predict(texts));
});

it("what merge makes of such an adapter is served, with the adapter's answers", async () => {
  const merged = path("merged");
  expect((await lowrank(["merge", path("peft"), "--out", merged])).code).toBe(0);
  const answers = await Promise.all(
    [
      ["--run", path("peft")],
      ["--model", merged],
    ].map((place) => lowrank(["predict", ...place, ...texts])),
  );
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[0]!.code).toBe(0);
});

it("evaluate measures it on named data, whose labels may be numbers of classes", async () => {
  const data = path("labelled.csv");
  await writeFile(data, `text,label\n${texts.map((text, i) => `"${text}",${i}`).join("\n")}\n`);
  const asked = ["evaluate", "--run", path("peft"), "--data", data, "--json"];
  const unknown = await lowrank(asked);
  expect(unknown).toMatchObject({ code: 1, out: "" });
  expect(unknown.err).toContain('label "0" is unknown; the labels are no, perhaps, yes');
  const { code, out } = await lowrank([...asked, "--label-names", "0=no,1=perhaps"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ count: 2, labels: ["no", "perhaps", "yes"] });
  const without = await lowrank(["evaluate", "--model", path("checkpoint")]);
  expect(without.err).toMatch(/checkpoint has no report\.json that names its test data: name a file with --data FILE/);
});

it("a checkpoint with several labels a text is one for predict and evaluate too", async () => {
  const several = path("several");
  await cp(path("checkpoint"), several, { recursive: true });
  const config = JSON.parse(await readFile(join(several, "config.json"), "utf8")) as object;
  await writeFile(
    join(several, "config.json"),
    JSON.stringify({ ...config, problem_type: "multi_label_classification" }),
  );
  const { code, out, err } = await lowrank(["predict", "--model", several, "--json", ...texts]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  using classifier = await TextClassifier.open<string, true>(several);
  const expected = await classifier.predict(texts);
  expect(objects(out)).toEqual(expected.map(({ text, labels, scores }) => ({ text, predicted: labels, scores })));
  const data = path("several.csv");
  await writeFile(data, `text,label\n${texts[0]},no;yes\n"${texts[1]}",\n`);
  const measured = await lowrank(["evaluate", "--model", several, "--data", data, "--json"]);
  expect(measured.err).toBe("");
  const { f1Micro } = await classifier.evaluate([
    { text: texts[0]!, labels: ["no", "yes"] },
    { text: texts[1]!, labels: [] },
  ]);
  expect(JSON.parse(measured.out)).toMatchObject({ task: "multi-label", f1Micro });
  const unseen = await lowrank(["predict", "--run", path("peft"), "--model", several, texts[0]!]);
  expect(unseen).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/several gives a text several labels/) });
});

it("words are labelled by PEFT's adapter of the task TOKEN_CLS, and measured", async () => {
  const [run, model] = [path("peft-tokens"), path("token-checkpoint")];
  const { code, out, err } = await lowrank(["predict", "--run", run, "--model", model, "--json", "Ada in Rome"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  using classifier = await TokenClassifier.open(run, { model });
  expect(objects(out)).toEqual([{ text: "Ada in Rome", entities: (await classifier.predict(["Ada in Rome"]))[0] }]);
  const data = path("words.conll");
  await writeFile(data, "Ada B-PER\nin O\nRome B-LOC\n");
  const place = ["evaluate", "--run", run, "--model", model, "--data", data];
  const measured = await lowrank([...place, "--json"]);
  expect(measured.code).toBe(0);
  expect(JSON.parse(measured.out)).toMatchObject({ count: 3, labels: classifier.labels });
  const { code: refused, err: why } = await lowrank([...place, "--text", "words"]);
  expect({ refused, why }).toEqual({
    refused: 1,
    why: `error: --text is for text classifiers, and ${run} is a token classifier: name columns and fields with --fields\n`,
  });
});

it("finetune says that a checkpoint's own head is left out, and that rare labels count more twice", async () => {
  const data = path("learnt.jsonl");
  const rows = Array.from({ length: 60 }, (_, i) =>
    JSON.stringify({ text: `text ${i} of ${i * 7}`, label: i % 4 === 0 ? "a" : "b" }),
  );
  await writeFile(data, `${[...rows, '{"text":"no label","label":null}'].join("\n")}\n`);
  const asked = ["finetune", "--data", data, "--model", path("checkpoint"), "--steps", "2", "--allow", "empty-labels"];
  const balanced = ["--class-weights", "balanced", "--sampling", "balanced"];
  const { code, err } = await lowrank([...asked, ...balanced, "--out", path("run")]);
  expect(code).toBe(0);
  expect(err).toContain("learnt.jsonl: a text with an empty label is removed");
  expect(err).toContain(
    "checkpoint is a checkpoint with a classification head. The run ignores it and trains a new head on the encoder's vectors",
  );
  expect(err).toContain(
    "--class-weights and --sampling both make rare labels count more, so together they count twice: use one of them",
  );
});

it("a base below a whole model, and an adapter whose head is missing, are refused", async () => {
  const whole = await lowrank(["predict", "--run", path("checkpoint"), "--model", path("merged"), "a"]);
  expect(whole.err).toContain("is a whole model and needs no base");
  await cp(path("peft"), path("headless"), { recursive: true });
  using classifier = await TextClassifier.open(path("peft"));
  const { adapter } = classifier;
  await writeFile(
    join(path("headless"), "adapter_model.safetensors"),
    classifier.encoder.saveAdapter(adapter!)["adapter_model.safetensors"]!,
  );
  const { code, err } = await lowrank(["predict", "--run", path("headless"), "a"]);
  expect(code).toBe(1);
  expect(err).toMatch(/is an adapter without a head, although its task is SEQ_CLS/);
});

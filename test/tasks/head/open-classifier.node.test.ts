import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  bytesSource,
  ConfigError,
  engineInfo,
  type FileMap,
  FormatError,
  ModelError,
  SentenceEncoder,
  TextClassifier,
  writeFilesAtomically,
} from "../../../ts/entry/node.js";
import { fileServer } from "../../io/file-server.js";
import { temporaryFolder } from "../../io/temporary-folder.js";
import { examples, tinyEncoder } from "../../models/tiny-encoder.js";

const texts = ["the story was quite the story and the music is good", "bad"];
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A base of its own pooling in a folder, and a run in another, whose texts were cut to six tokens. */
async function makeRun() {
  const folder = await temporaryFolder();
  const [base, run] = [join(folder, "base"), join(folder, "run")];
  const model: FileMap = { ...(await tinyEncoder()), "1_Pooling/config.json": json({ pooling_mode_cls_token: true }) };
  const { "1_Pooling/config.json": pooling, ...files } = model;
  await mkdir(join(base, "1_Pooling"), { recursive: true });
  await writeFilesAtomically(base, files);
  await writeFilesAtomically(join(base, "1_Pooling"), { "config.json": pooling! });
  using encoder = await SentenceEncoder.load(base, { maxTokens: 6 });
  const classifier = TextClassifier.create(encoder, { labels: ["bad", "good"], lora: { rank: 2 } });
  await classifier.fit(examples, { steps: 4, batchSize: 8, learningRate: 0.02 });
  const answers = await classifier.predict(texts);
  const saved = classifier.save();
  await writeFilesAtomically(run, saved);
  return { folder, base, run, model, saved, answers };
}

it("a run's folder is opened in a line, with the run's answers; `dispose` frees the encoder too", async () => {
  const { run, answers, saved } = await makeRun();
  const before = engineInfo().memory.used;
  const classifier = await TextClassifier.open(run);
  expect(await classifier.predict(texts)).toEqual(answers);
  expect(classifier.save()).toEqual(saved);
  expect(engineInfo().memory.used).toBeGreaterThan(before);
  classifier.dispose();
  classifier.dispose();
  expect(engineInfo().memory.used).toBe(before);
  await expect(classifier.encoder.encode(texts)).rejects.toThrow("this encoder was disposed");
});

it("so are files by name, a source and an address, with the base named or given; options of the encoder go along", async () => {
  const { base, saved, model, answers } = await makeRun();
  const { url } = await fileServer(saved);
  const open = async (file: string) => (Object.hasOwn(saved, file) ? bytesSource(saved[file]!) : null);
  for (const source of [saved, { name: "bucket", open }, url]) {
    using classifier = await TextClassifier.open(source);
    expect(classifier.encoder.name).toBe(base);
    expect(await classifier.predict(texts)).toEqual(answers);
  }
  // What the model's own files say of pooling does not matter.
  const { "1_Pooling/config.json": _, ...plain } = model;
  using given = await TextClassifier.open(saved, { model: plain, adapter: "mine", seed: 3, packedCopies: 1 });
  expect(given.adapter).toBe("mine");
  expect(await given.predict(texts)).toEqual(answers);
});

it("a run of an earlier version has its length of texts in the report", async () => {
  const { base, saved, answers } = await makeRun();
  const old = { ...saved, "labels.json": json({ labels: ["bad", "good"], pooling: "cls" }) };
  const report = json({ settings: { maxTokens: 6 }, model: { source: base } });
  using classifier = await TextClassifier.open({ ...old, "report.json": report });
  expect(await classifier.predict(texts)).toEqual(answers);
});

it("what cannot be opened is refused by name, and nothing is kept", async () => {
  const { folder, base, run, saved, model } = await makeRun();
  const before = engineInfo().memory.used;
  const refused = async (
    source: string | FileMap,
    options: object,
    kind: new (...of: never[]) => Error,
    says: RegExp,
  ) => {
    const error: unknown = await TextClassifier.open(source, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(says);
    expect(engineInfo().memory.used).toBe(before);
  };
  await refused(
    join(folder, "none"),
    {},
    ConfigError,
    /^TextClassifier\.open: a run's .* there is no folder ".*none"$/,
  );
  // With a head of its own it would be a classifier.
  await refused(await tinyEncoder(), {}, ConfigError, /has no labels\.json: an unfinished run has none yet/);
  const { "labels.json": _, ...headless } = saved;
  await refused(headless, {}, ConfigError, /an adapter without a head: load it with `encoder\.loadAdapter`/);
  await refused({ ...saved, "head.safetensors": new Uint8Array(9) }, {}, FormatError, /head\.safetensors/);
  await refused(run, { maxTokens: 8 }, ConfigError, /maxTokens is for checkpoints of transformers and PEFT.s files/);
  await refused(run, { pool: 8 }, ConfigError, /there is no option "pool"/);
  // Trained on files in memory, it names no base that could be found.
  using encoder = await SentenceEncoder.load(model);
  const nameless = TextClassifier.create(encoder, { labels: ["a", "b"] }).save();
  encoder.dispose();
  await refused(nameless, {}, ConfigError, /does not say which model it was trained on: pass it as the option `model`/);
  await rm(base, { recursive: true });
  await refused(
    run,
    {},
    ModelError,
    /was trained on .*base: .*there is no folder .*base; or pass it as the option `model`/,
  );
});

import { expect, it } from "vitest";
import { SentenceEncoder, TextClassifier } from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

const empty = new Uint8Array(0);

it("SentenceEncoder.load uses files and options as they are at the call, though its code may have to be fetched", async () => {
  const files = { ...(await tinyEncoder()) };
  const options: { pooling?: "cls" | "mean"; seed?: number } = { pooling: "cls" };
  const loading = SentenceEncoder.load(files, options);
  for (const name of Object.keys(files)) files[name] = empty;
  options.pooling = "mean";
  options.seed = -1;
  const encoder = await loading;
  expect(String(encoder.pooling)).toBe("cls");
  encoder.dispose();
});

it("SentenceEncoder.load uses the base of an adapter's files as it is at the call", async () => {
  const base = await tinyEncoder();
  const encoder = await SentenceEncoder.load(base);
  encoder.addAdapter("mine", { rank: 2 });
  const files = encoder.saveAdapter("mine");
  encoder.dispose();
  const model: Record<string, Uint8Array> = { ...base };
  const loading = SentenceEncoder.load(files, { model });
  for (const name of Object.keys(model)) model[name] = empty;
  const loaded = await loading;
  expect(loaded.adapters()).toMatchObject([{ name: "default" }]);
  loaded.dispose();
});

it("TextClassifier.open uses files and options as they are at the call", async () => {
  const base = await tinyEncoder();
  const encoder = await SentenceEncoder.load(base);
  const classifier = TextClassifier.create(encoder, { labels: ["no", "yes"], lora: { rank: 2 } });
  const saved = { ...classifier.save() };
  const [expected] = await classifier.logits(["a good film"]);
  encoder.dispose();
  const options = { model: { ...base }, adapter: "mine" };
  const opening = TextClassifier.open(saved, options);
  for (const files of [saved, options.model] as Record<string, Uint8Array>[])
    for (const name of Object.keys(files)) files[name] = empty;
  options.adapter = "";
  const opened = await opening;
  expect(opened.adapter).toBe("mine");
  expect(await opened.logits(["a good film"])).toEqual([expected]);
  opened.dispose();
});

it("arguments that are none are refused as before", async () => {
  for (const options of [null, 3, []] as unknown[]) {
    await expect(SentenceEncoder.load({}, options as object)).rejects.toMatchObject({ code: "CONFIG" });
    await expect(TextClassifier.open({}, options as object)).rejects.toMatchObject({ code: "CONFIG" });
  }
  for (const source of [null, 3, []] as unknown[])
    await expect(SentenceEncoder.load(source as object as never)).rejects.toMatchObject({ code: "CONFIG" });
  const labels = ["one"];
  await expect(TextClassifier.open({}, { labels })).rejects.toMatchObject({ code: "CONFIG" });
});

import { expect, it } from "vitest";
import type { ModelAdapter } from "../../ts/adapters/model-adapter.js";
import { CrossEncoder, SentenceEncoder, TextClassifier, TokenClassifier } from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { tokenCheckpoint } from "./tokens/token-checkpoint.js";

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

/** Options of an adapter with a list and a pattern, and a function that changes them. */
function changing() {
  const lora = { rank: 2, targetModules: ["query"], rankPattern: { query: 3 } };
  const change = () => {
    lora.rank = 5;
    lora.targetModules.push("value");
    lora.rankPattern.query = 7;
  };
  return { lora, change };
}

it.each(["TextClassifier.open", "CrossEncoder.load"])(
  "%s uses lists inside lora as they are at the call",
  async (name) => {
    const encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
    const cross = CrossEncoder.create(encoder, { labels: ["no", "yes"], lora: { rank: 2 } });
    const files = await cross.save({ merged: true });
    encoder.dispose();
    const { lora, change } = changing();
    const opening =
      name === "CrossEncoder.load" ? CrossEncoder.load(files, { lora }) : TextClassifier.open(files, { lora });
    change();
    using opened = await opening;
    expect(ranksOf(opened)).toEqual([3]);
  },
);

it("TokenClassifier.open uses files and lists inside lora as they are at the call", async () => {
  const files = { ...(await tokenCheckpoint("bert")) };
  const { lora, change } = changing();
  const opening = TokenClassifier.open(files, { lora });
  change();
  for (const name of Object.keys(files)) files[name] = empty;
  using opened = await opening;
  expect(ranksOf(opened)).toEqual([3]);
});

/** The ranks of the adapter's query layers; other layers would have other ranks. */
function ranksOf({ modelAdapter }: { readonly modelAdapter: ModelAdapter | null }): number[] {
  return [...new Set([...modelAdapter!.toFile().layers.values()].map(({ rank }) => rank))];
}

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

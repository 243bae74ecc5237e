import { expect, it } from "vitest";
import {
  AdapterError,
  engineInfo,
  readAdapter,
  SentenceEncoder,
  TextClassifier,
  writeAdapter,
} from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

const lora = { rank: 2, targetModules: "all-linear" } as const;

/** An adapter's files, trained a little. */
async function trained(seed: number, more: object = {}) {
  using encoder = await SentenceEncoder.load(await tinyEncoder(), { seed });
  using classifier = TextClassifier.create(encoder, { labels: ["bad", "good"], lora: { ...lora, ...more } });
  await classifier.fit(examples, { steps: 3, seed });
  return encoder.saveAdapter("classifier");
}
const texts = examples.map(({ text }) => text);

it("an adapter takes other values in place; calls that are under way keep those of before", async () => {
  const [first, second] = [await trained(1), await trained(2, { alpha: 5 })];
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  encoder.loadAdapter("a", first);
  encoder.loadAdapter("b", second);
  const [before, after] = [
    await encoder.encode(texts, { adapter: "a" }),
    await encoder.encode(texts, { adapter: "b" }),
  ];
  expect(after).not.toEqual(before);
  const params = encoder.adapter("a").params();
  const long = Array.from({ length: 30 }, () => texts).flat();
  const running = encoder.encode(long, { adapter: "a" });
  const { used } = engineInfo().memory;
  encoder.hotswapAdapter("a", second);
  expect(engineInfo().memory.used).toBe(used);
  const later = encoder.encode(texts, { adapter: "a" });
  expect((await running).slice(-texts.length)).toEqual(before);
  expect(await later).toEqual(after);
  expect(encoder.adapter("a").params()).toEqual(params);
  expect(encoder.saveAdapter("a")).toEqual(encoder.saveAdapter("b"));
  encoder.scaleAdapter("a", 0);
  encoder.hotswapAdapter("a", first);
  expect(await encoder.encode(texts, { adapter: "a" })).toEqual(await encoder.encode(texts, { adapter: null }));
  encoder.scaleAdapter("a", 1);
  expect(await encoder.encode(texts, { adapter: "a" })).toEqual(before);
});

it("files of other layers or ranks, and an adapter that is merged or trained, are refused and change nothing", async () => {
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  const first = await trained(1);
  encoder.loadAdapter("a", first);
  const before = encoder.saveAdapter("a");
  for (const other of [{ rank: 3 }, { targetModules: ["query"] }, { dora: true }]) {
    const files = await trained(3, other);
    expect(() => encoder.hotswapAdapter("a", files)).toThrow(AdapterError);
    expect(() => encoder.hotswapAdapter("a", files)).toThrow("load it as another");
    expect(encoder.saveAdapter("a")).toEqual(before);
  }
  encoder.addAdapter("small", { rank: 2, targetModules: ["query"] });
  expect(() => encoder.hotswapAdapter("small", first)).toThrow("which only the files have");
  encoder.mergeAdapter("a");
  expect(() => encoder.hotswapAdapter("a", first)).toThrow("unmergeAdapter first");
  encoder.unmergeAdapter("a");
  using classifier = TextClassifier.create(encoder, { labels: ["bad", "good"], lora });
  const training = classifier.fit(examples, { steps: 2 });
  expect(() => encoder.hotswapAdapter("classifier", first)).toThrow("is being trained");
  await training;
});

it("files that change one layer twice are refused, rather than one of the two dropped", async () => {
  using encoder = await SentenceEncoder.load(await tinyEncoder());
  encoder.addAdapter("a", lora);
  const adapter = readAdapter(encoder.saveAdapter("a"));
  const [[path, layer] = ["", undefined]] = [...adapter.layers];
  const layers = new Map([...adapter.layers, [`bert.${path}`, layer!]]);
  const config = { ...adapter.config, targetModules: [...layers.keys()] };
  const twice = writeAdapter({ ...adapter, layers, config });
  const { used } = engineInfo().memory;
  expect(() => encoder.loadAdapter("b", twice)).toThrow(/it changes .* twice, once as /);
  expect(() => encoder.hotswapAdapter("a", twice)).toThrow(AdapterError);
  expect(engineInfo().memory.used).toBe(used);
});

import { afterAll, beforeAll, expect, it } from "vitest";
import { encodingOf } from "../../ts/models/sentence/inference.js";
import type { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { WaitingTexts } from "../../ts/serve/waiting-texts.js";
import { nextTask, type Steps } from "../../ts/waiting/next-task.js";
import { tiny } from "./tenants.js";

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await tiny();
});
afterAll(() => encoder?.dispose());

it("a request whose adapter is removed between two passes fails alone, also where its next text was tokenized before", async () => {
  encoder.addAdapter("news", { rank: 2 });
  const news = encoder.adapterSet.get("news");
  const { finish } = encodingOf(encoder, {});
  let passes = 0;
  const waiting = new WaitingTexts(encoder, 100, (pass) => {
    const rows = pass();
    if (passes++ === 0) encoder.removeAdapter("news");
    return rows;
  });
  const ask = (adapter: typeof news | null, lengths: readonly number[]) => {
    const tokensOf = function* (i: number): Steps<Int32Array> {
      yield;
      return new Int32Array(lengths[i]!).fill(7);
    };
    return waiting.run({ count: lengths.length, tokensOf, adapter, finish, skip: 0 }, () => undefined);
  };
  // A pass has room for 512 tokens: the text with the adapter does not fit into the first.
  const full = Array.from({ length: 16 }, () => ask(null, [32]));
  const [lost, other] = [ask(news, [32]), ask(null, [32, 9])];
  await expect(lost).rejects.toThrow(/removed/);
  expect(await Promise.all([...full, other])).toHaveLength(17);
  expect(passes).toBe(2);
});

it("other requests are answered while a long text is tokenized", async () => {
  const { finish } = encodingOf(encoder, {});
  const waiting = new WaitingTexts(encoder, 100, (pass) => pass());
  const [seven, eight] = [Int32Array.of(1, 7, 2), Int32Array.of(1, 8, 2)];
  let isAnswered = false;
  // It never ends if nothing else runs between its steps.
  const long = function* (i: number): Steps<Int32Array> {
    if (i === 1) while (!isAnswered) yield;
    return seven;
  };
  const short = function* (): Steps<Int32Array> {
    yield;
    return eight;
  };
  const asked = { adapter: null, finish, skip: 0 };
  const first = waiting.run({ ...asked, count: 3, tokensOf: long }, () => undefined);
  await nextTask();
  const [row] = await waiting.run({ ...asked, count: 1, tokensOf: short }, () => undefined);
  isAnswered = true;
  const alone = await waiting.run({ ...asked, count: 1, tokensOf: short }, () => undefined);
  expect(alone).toEqual([row]);
  expect(await first).toHaveLength(3);
});

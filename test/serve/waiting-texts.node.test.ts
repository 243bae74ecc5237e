import { afterAll, beforeAll, expect, it } from "vitest";
import { encodingOf } from "../../ts/models/sentence/encoding.js";
import type { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { WaitingTexts } from "../../ts/serve/waiting-texts.js";
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
    const tokensOf = (i: number) => new Int32Array(lengths[i]!).fill(7);
    return waiting.run({ count: lengths.length, tokensOf, adapter, finish, skip: 0 }, () => undefined);
  };
  // A pass has room for 512 tokens: the text with the adapter does not fit into the first.
  const full = Array.from({ length: 16 }, () => ask(null, [32]));
  const [lost, other] = [ask(news, [32]), ask(null, [32, 9])];
  await expect(lost).rejects.toThrow(/removed/);
  expect(await Promise.all([...full, other])).toHaveLength(17);
  expect(passes).toBe(2);
});

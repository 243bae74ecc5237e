import { afterAll, expect, it } from "vitest";
import type { CausalLanguageModel } from "../../../../ts/index.js";
import { memoryStore, opfsStore } from "../../../../ts/jobs/index.js";
import { languageServer } from "../../../../ts/serve/index.js";
import { adapted } from "../../../models/language/golden-decoder.js";

let model: CausalLanguageModel | undefined;
afterAll(() => model?.dispose());

/** In a page its own file system; Node has none. */
const isPage = "document" in globalThis;
const inMemory = memoryStore();
const store = () => (isPage ? opfsStore("prefix-cache") : inMemory);

const system = Array.from({ length: 40 }, (_, i) => (3 + 7 * i) % 60);

it("a server in a page keeps what prompts begin with, for the next server", async () => {
  const own = (model = await adapted("llama"));
  const reused: number[][] = [];
  for (const last of [1, 2]) {
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const server = languageServer(own, { name: "base", prefixCacheStore: store(), onError });
    const ask = async (token: number) => {
      const body = JSON.stringify({ model: "base", prompt: [...system, last, token], max_tokens: 2, temperature: 0 });
      const headers = { "content-type": "application/json" };
      const response = await server(new Request("http://localhost/v1/completions", { method: "POST", headers, body }));
      const answer = (await response.json()) as { usage: { prompt_tokens_details: { cached_tokens: number } } };
      return answer.usage.prompt_tokens_details.cached_tokens;
    };
    try {
      reused.push([await ask(1), await ask(2)]);
    } finally {
      await server.close();
    }
    expect(errors).toEqual([]);
  }
  // The second server has nothing in memory.
  expect(reused[0]![0]).toBe(0);
  expect(reused[1]![0]).toBe(system.length);
  if (isPage) await opfsStore("prefix-cache").discard();
});

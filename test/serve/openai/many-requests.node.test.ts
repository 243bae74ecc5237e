// @rest growth
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CausalLanguageModel, Engine } from "../../../ts/index.js";
import { type LanguageServer, languageServer } from "../../../ts/serve/index.js";
import { ownEngine } from "../../models/own-engine.js";
import { tinyModel } from "../../models/language/chat-model.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let engine: Engine;
let model: CausalLanguageModel;
let server: LanguageServer;
beforeAll(async () => {
  engine = await ownEngine();
  model = await tinyModel({}, engine);
  server = languageServer(model, { name: "tiny", prefixCacheBytes: 2 ** 16 });
});
afterAll(async () => {
  await server?.close();
  model?.dispose();
  await engine?.close();
});

const words = ["a film", "my day", "the sea", "no words", "an old tree", "it was grim", "good"];
const schema = { type: "object", properties: { good: { type: "boolean" } }, required: ["good"] };
const format = { type: "json_schema", json_schema: { name: "review", schema } };

/** Requests of every kind in turn: whole and streamed, with adapters, seeds, a schema; some are left, some are refused. */
const kinds = [
  { model: "tiny" },
  { model: "plain", stream: true },
  { model: "dora", temperature: 0.8 },
  { model: "tiny", stream: true, left: true },
  { model: "plain", n: 2, logprobs: true, top_logprobs: 2 },
  { model: "tiny", temperature: -1 },
  { model: "dora", response_format: format, max_tokens: 20, stream: true },
  { model: "nobody" },
];

/** Sends the request of this number; returns its status. */
async function ask(i: number): Promise<number> {
  const { left = false, ...kind } = kinds[i % kinds.length]! as Record<string, unknown>;
  const abort = new AbortController();
  // Every other time as a response, which has one choice.
  const isResponse = i % 16 < 8 && !("n" in kind) && !("response_format" in kind);
  const content = words[i % words.length];
  const asked = isResponse
    ? { input: content, max_output_tokens: 2 }
    : { messages: [{ role: "user", content }], max_tokens: 2 };
  const request = new Request(`http://localhost/v1/${isResponse ? "responses" : "chat/completions"}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...asked, temperature: 0, seed: i, ...kind }),
    signal: abort.signal,
  });
  const response = await server(request);
  const reader = response.body!.getReader();
  for (let piece = await reader.read(); !piece.done && left !== true; piece = await reader.read());
  await reader.cancel();
  if (left === true) abort.abort();
  return response.status;
}

/** So many requests, twenty at the same time. Returns how many had each status. */
async function run(count: number): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  let next = 0;
  const client = async () => {
    while (next < count) {
      const status = await ask(next++);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, client));
  return statuses;
}

const weigh = () => {
  collect();
  const { used, reserved } = engine.info.memory;
  return { used, reserved, heap: process.memoryUsage().heapUsed };
};

it("ten thousand requests leave memory as it was", { timeout: 600_000 }, async () => {
  const expected = (count: number) => ({ 200: (count / 8) * 6, 400: count / 8, 404: count / 8 });
  expect(await run(2000)).toEqual(expected(2000));
  const before = weigh();
  expect(await run(8000)).toEqual(expected(8000));
  const after = weigh();
  const health = await server(new Request("http://localhost/health"));
  expect(await health.json()).toEqual({ status: "ok", running: 0, waiting: 0 });
  // Kept prompts are bounded; what each of 8,000 requests leaked would be more.
  expect(after.used - before.used).toBeLessThanOrEqual(2 ** 16);
  expect(after.reserved - before.reserved).toBeLessThanOrEqual(2 ** 20);
  expect((after.heap - before.heap) / 8000).toBeLessThan(200);
});

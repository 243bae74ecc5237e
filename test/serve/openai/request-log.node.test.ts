import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { CausalLanguageModel } from "../../../ts/index.js";
import {
  type LanguageServer,
  languageServer,
  type LanguageServerOptions,
  type RequestLogEntry,
} from "../../../ts/serve/index.js";
import { tinyModel } from "../../models/language/chat-model.js";
import { all } from "../../models/language/golden-decoder.js";
import { listening } from "./listening.js";

let model: CausalLanguageModel;
let at: Awaited<ReturnType<typeof listening>>;
let server: LanguageServer;
let entries: RequestLogEntry[];
beforeAll(async () => void (model = await tinyModel()));
afterAll(() => model?.dispose());
afterEach(() => at.close());

async function serve(options: LanguageServerOptions = {}) {
  entries = [];
  server = languageServer(model, { name: "tiny", log: (entry) => entries.push(entry), ...options });
  at = await listening(server);
}

const asked = {
  model: "plain",
  messages: [{ role: "user" as const, content: "a secret" }],
  max_tokens: 5,
  temperature: 0,
};
const logged = (count: number) => expect.poll(() => entries.length, { interval: 5 }).toBe(count);

it("has an entry for each request, with its tokens and without texts", async () => {
  const from = Date.now();
  await serve();
  const { usage } = await at.client.chat.completions.create({ ...asked, n: 2 });
  const stream = await at.client.chat.completions.create({ ...asked, stream: true });
  await all(stream);
  await logged(2);
  const { time, milliseconds, ...rest } = entries[0]!;
  expect(rest).toEqual({
    method: "POST",
    route: "/v1/chat/completions",
    status: 200,
    model: "plain",
    promptTokens: usage!.prompt_tokens,
    generatedTokens: 10,
  });
  expect(time).toBeGreaterThanOrEqual(from);
  expect(milliseconds).toBeLessThanOrEqual(Date.now() - time);
  expect(entries[1]).toMatchObject({ status: 200, model: "plain", generatedTokens: 5 });
  expect(JSON.stringify(entries)).not.toContain("secret");
});

it("names the path of the server and not what a client wrote, and the code of an error", async () => {
  await serve();
  await fetch(`${at.url}/v1/models/no-secret`);
  await fetch(`${at.url}/secret`);
  await fetch(`${at.url}/health`, { method: "POST" });
  await at.client.chat.completions.create({ ...asked, temperature: -1 }).catch(() => undefined);
  await at.client.chat.completions.create({ ...asked, model: "secret" }).catch(() => undefined);
  const found = entries.map(({ route, status, error, model: name }) => [route, status, error, name]);
  expect(found).toEqual([
    ["/v1/models/{name}", 404, "model_not_found", undefined],
    ["other", 404, "unknown_url", undefined],
    ["/health", 405, "method_not_allowed", undefined],
    ["/v1/chat/completions", 400, "invalid_value", undefined],
    ["/v1/chat/completions", 404, "model_not_found", undefined],
  ]);
  expect(JSON.stringify(entries)).not.toContain("secret");
});

it("says that a client left, before its answer and within a stream", async () => {
  await serve();
  const abort = new AbortController();
  const request = (more: object) =>
    new Request("http://localhost/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...asked, max_tokens: 80, ...more }),
      signal: abort.signal,
    });
  // Nothing is generated before it is read.
  const reader = (await server(request({ stream: true }))).body!.getReader();
  for (let i = 0; i < 3; i++) await reader.read();
  expect(entries).toEqual([]);
  await reader.cancel();
  expect(entries).toMatchObject([{ status: 200, error: "aborted", model: "plain" }]);
  expect(entries[0]!.generatedTokens).toBeLessThan(5);
  const whole = server(request({}));
  abort.abort();
  expect((await whole).status).toBe(499);
  expect(entries).toMatchObject([{}, { status: 499, error: "aborted" }]);
});

it("has texts if they are asked for", async () => {
  await serve({ logTexts: true });
  const { choices } = await at.client.chat.completions.create(asked);
  const stream = await at.client.chat.completions.create({ ...asked, stream: true });
  await all(stream);
  await logged(2);
  expect(entries[0]).toMatchObject({ body: asked, texts: [choices[0]!.message.content] });
  expect(entries[1]!.texts).toEqual(entries[0]!.texts);
});

it("prevents no answer where it fails itself", async () => {
  await serve({
    log: () => {
      throw new Error("the disk is full");
    },
  });
  expect((await at.client.chat.completions.create(asked)).choices).toHaveLength(1);
  expect((await fetch(`${at.url}/health`)).status).toBe(200);
});

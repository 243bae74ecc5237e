// @rest services
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openaiPython } from "../../../../scripts/servers/openai-client.mjs";
import { root } from "../../../../scripts/setup/paths.mjs";
import type { CausalLanguageModel } from "../../../../ts/index.js";
import { languageServer } from "../../../../ts/serve/index.js";
import { all } from "../../../models/language/golden-decoder.js";
import { tinyModel } from "../../../models/language/chat-model.js";
import { listening } from "../listening.js";

const run = async (file: string, ...args: string[]) => (await promisify(execFile)(file, args)).stdout;

let model: CausalLanguageModel;
let at: Awaited<ReturnType<typeof listening>>;
beforeAll(async () => {
  model = await tinyModel();
  at = await listening(languageServer(model, { name: "tiny", apiKey: "secret" }));
});
afterAll(async () => {
  await at?.close();
  model?.dispose();
});

const messages = [{ role: "user" as const, content: "a film" }];
const said = async (prompt: typeof messages | string, adapter: string, maxTokens: number) =>
  (await all(model.generate(prompt, { adapter, maxTokens }))).join("");

it(
  "OpenAI's client for Python generates, streams, and has the errors of its own classes",
  { timeout: 120_000 },
  async () => {
    const script = join(root, "test/serve/openai/clients/client.py");
    const found: unknown = JSON.parse(await run(openaiPython(), script, `${at.url}/v1`, "secret"));
    expect(found).toEqual({
      models: ["tiny", "plain", "dora"],
      whole: await said(messages, "plain", 8),
      tokens: 8,
      streamed: await said(messages, "dora", 8),
      streamedTokens: 8,
      completion: await said("a film", "plain", 6),
      logprobs: 6,
      bound: { good: expect.any(Boolean) },
      response: await said(messages, "plain", 8),
      responseTokens: 8,
      told: ["incomplete", 8],
      responseStreamed: await said(messages, "dora", 8),
      responseEnd: ["response.created", "response.incomplete"],
      called: [["now", "{}"]],
      unknown: "model_not_found",
      keyless: "invalid_api_key",
    });
  },
);

it("curl asks, streams, and is told of a wrong key", async () => {
  const body = JSON.stringify({ model: "plain", messages, max_tokens: 8, temperature: 0 });
  const curl = (path: string, ...args: string[]) => run("curl", "--silent", "--no-buffer", ...args, at.url + path);
  const key = ["--header", "authorization: Bearer secret"];
  const post = (data: string) => [...key, "--header", "content-type: application/json", "--data", data];
  const whole = JSON.parse(await curl("/v1/chat/completions", ...post(body))) as {
    choices: { message: { content: string } }[];
  };
  const text = await said(messages, "plain", 8);
  expect(whole.choices[0]!.message.content).toBe(text);
  const streamed = await curl("/v1/chat/completions", ...post(body.replace("{", '{"stream":true,')));
  const events = streamed.trimEnd().split("\n\n");
  expect(events.pop()).toBe("data: [DONE]");
  const pieces = events.map(
    (event) =>
      (JSON.parse(event.slice("data: ".length)) as { choices: { delta: { content?: string } }[] }).choices[0]!.delta,
  );
  expect(pieces.map(({ content = "" }) => content).join("")).toBe(text);
  expect(await curl("/v1/models", "--output", "/dev/null", "--write-out", "%{http_code}")).toBe("401");
  expect(await curl("/health")).toBe('{"status":"ok","running":0,"waiting":0}');
  expect(await curl("/metrics", ...key)).toMatch(/^lowrank_generated_tokens_total [1-9]\d*$/m);
});

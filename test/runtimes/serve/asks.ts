import OpenAI from "openai";
import { expect } from "vitest";
import { all } from "../../models/language/golden-decoder.js";

const messages = [{ role: "user" as const, content: "a film" }];
const asked = { model: "base", messages, max_tokens: 24, temperature: 1, seed: 7 };
const schema = {
  type: "object",
  required: ["good", "stars"],
  additionalProperties: false,
  properties: { good: { type: "boolean" }, stars: { enum: [1, 2, 3] } },
};

/** Tokens of an answer that is given up: many more than a client that leaves after the first ones can have been sent. */
const ENDLESS = 60_000;

const clientOf = (url: string, apiKey = "secret") => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });

/** What a server says that does not depend on its time, in a fixed order: names, answers, and errors in OpenAI's form. */
export async function transcript(url: string) {
  const client = clientOf(url);
  const chat = client.chat.completions;
  const health = await fetch(`${url}/health`);
  const whole = await chat.create(asked);
  const stream = chat.stream({ ...asked, stream_options: { include_usage: true } });
  const pieces = (await all(stream)).map(({ choices }) => choices[0]?.delta.content ?? "");
  const streamed = await stream.finalChatCompletion();
  const response_format = { type: "json_schema" as const, json_schema: { name: "review", schema } };
  const bound = await chat.create({ ...asked, max_tokens: 60, response_format });
  const many = await Promise.all(
    Array.from({ length: 6 }, (_, seed) => chat.stream({ ...asked, seed }).finalChatCompletion()),
  );
  return {
    health: await health.json(),
    status: health.status,
    models: (await all(client.models.list())).map(({ id, object }) => ({ id, object })),
    whole: whole.choices,
    usage: whole.usage,
    pieces,
    streamed: streamed.choices[0]!.message.content!,
    streamedUsage: streamed.usage,
    bound: { choices: bound.choices, value: JSON.parse(bound.choices[0]!.message.content!) as unknown },
    many: many.map(({ choices }) => choices[0]!.message.content),
    unknown: await refusal(chat.create({ ...asked, model: "nobody" })),
    invalid: await refusal(chat.create({ ...asked, temperature: -1 })),
    keyless: await refusal(clientOf(url, "other").models.list()),
  };
}

/** Throws unless a transcript has what was asked for. */
export function expectTranscript(found: Awaited<ReturnType<typeof transcript>>): void {
  expect(found).toMatchObject({
    health: { status: "ok", running: 0, waiting: 0 },
    status: 200,
    models: [{ id: "base", object: "model" }],
    whole: [{ finish_reason: "length", message: { role: "assistant", content: found.streamed } }],
    usage: { completion_tokens: 24 },
    streamedUsage: { completion_tokens: 24 },
    bound: { choices: [{ finish_reason: "stop" }], value: { good: expect.any(Boolean), stars: expect.any(Number) } },
    unknown: { name: "NotFoundError", status: 404, code: "model_not_found", param: "model" },
    invalid: { name: "BadRequestError", status: 400, code: "invalid_value", param: "temperature" },
    keyless: { name: "AuthenticationError", status: 401, code: "invalid_api_key" },
  });
  expect(found.pieces.length).toBeGreaterThan(5);
  expect(found.pieces.join("")).toBe(found.streamed);
  expect(new Set(found.many).size).toBe(6);
}

/** An error of the client's own classes. */
async function refusal(call: PromiseLike<unknown>) {
  const error: unknown = await Promise.resolve(call).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(OpenAI.APIError);
  const { constructor, status, code, type, param, message } = error as InstanceType<typeof OpenAI.APIError>;
  return { name: constructor.name, status, code, type, param, message };
}

/** Throws unless a client that leaves in the middle of a stream frees its place, while another one goes on. */
export async function expectFreed(url: string, expected: string) {
  const client = clientOf(url);
  const stream = await client.chat.completions.create({ ...asked, max_tokens: ENDLESS, stream: true });
  const other = client.chat.completions.stream(asked).finalChatCompletion();
  for await (const { choices } of stream) if (choices[0]?.delta.content) break;
  stream.controller.abort();
  expect((await other).choices[0]!.message.content).toBe(expected);
  const running = async () => ((await (await fetch(`${url}/health`)).json()) as { running: number }).running;
  await expect.poll(running, { interval: 20, timeout: 60_000 }).toBe(0);
  const metrics = await fetch(`${url}/metrics`, { headers: { authorization: "Bearer secret" } });
  const [, generated] = /^lowrank_generated_tokens_total (\d+)$/m.exec(await metrics.text())!;
  expect(Number(generated)).toBeGreaterThan(24);
  expect(Number(generated)).toBeLessThan(ENDLESS);
  // The place is another's now.
  const { choices } = await client.chat.completions.create(asked);
  expect(choices[0]!.message.content).toBe(expected);
}

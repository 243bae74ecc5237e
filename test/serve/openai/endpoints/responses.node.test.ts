import type OpenAI from "openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CausalLanguageModel } from "../../../../ts/entry/node.js";
import { languageServer, type LanguageServerOptions, type RequestLogEntry } from "../../../../ts/serve/index.js";
import { tinyModel } from "../../../models/language/chat-model.js";
import { all } from "../../../models/language/golden-decoder.js";
import { listening } from "../listening.js";

type Create = OpenAI.Responses.ResponseCreateParamsNonStreaming;
type Event = OpenAI.Responses.ResponseStreamEvent;

let model: CausalLanguageModel;
let at: Awaited<ReturnType<typeof listening>>;
beforeAll(async () => void (model = await tinyModel()));
afterAll(() => model?.dispose());

const serve = async (options: LanguageServerOptions = {}) => {
  at = await listening(languageServer(model, { name: "tiny", ...options }));
};
beforeEach(() => serve());
afterEach(() => at.close());

async function again(options: LanguageServerOptions) {
  await at.close();
  await serve(options);
}

const base = { model: "tiny", input: "a film", max_output_tokens: 8, temperature: 0 };
const messages = [{ role: "user" as const, content: "a film" }];
const chat = { model: "tiny", messages, max_tokens: 8, temperature: 0 };

const eventsOf = async (asked: Create): Promise<Event[]> =>
  all(await at.client.responses.create({ ...asked, stream: true }));

describe("responses", () => {
  it("have the tokens of chat completions, with each adapter, whole and streamed", async () => {
    for (const name of ["tiny", "plain", "dora"])
      for (const sampling of [{}, { temperature: 1.1, top_p: 0.9, seed: 7 }]) {
        const said = await at.client.chat.completions.create({ ...chat, ...sampling, model: name });
        const asked = { ...base, ...sampling, model: name };
        const whole = await at.client.responses.create(asked);
        const text = said.choices[0]!.message.content!;
        expect(whole.output_text).toBe(text);
        const events = await eventsOf(asked);
        const deltas = events.flatMap((event) => (event.type === "response.output_text.delta" ? [event.delta] : []));
        expect(deltas.join("")).toBe(text);
        const last = events.at(-1) as OpenAI.Responses.ResponseIncompleteEvent;
        expect(last.response.output).toMatchObject([{ content: [{ text }] }]);
        const { input_tokens: read, output_tokens: made, total_tokens: total } = whole.usage!;
        expect({ read, made, total }).toEqual({ read: said.usage!.prompt_tokens, made: 8, total: read + 8 });
        // The same prompt was read before.
        expect(last.response.usage).toMatchObject({ input_tokens_details: { cached_tokens: read - 1 } });
      }
  });

  it("are whole objects, with the fields of their request", async () => {
    const from = Math.floor(Date.now() / 1000);
    const request = {
      ...base,
      instructions: "be brief",
      metadata: { of: "a test" },
      user: "me",
      store: true,
      truncation: "disabled",
      parallel_tool_calls: false,
      top_logprobs: 0,
      include: ["reasoning.encrypted_content"],
      background: false,
      reasoning: { effort: "low" },
      text: { format: { type: "text" }, verbosity: "low" },
      stream_options: null,
    } as const;
    const whole = await at.client.responses.create({ ...request, include: [...request.include] });
    const { id, created_at: created, output, output_text: text, ...rest } = whole;
    expect(id).toMatch(/^resp_[0-9a-f]{32}$/);
    expect(created).toBeGreaterThanOrEqual(from);
    expect(output).toEqual([
      {
        id: expect.stringMatching(/^msg_[0-9a-f]{32}$/) as string,
        type: "message",
        role: "assistant",
        status: "incomplete",
        content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
      },
    ]);
    expect(rest).toEqual({
      object: "response",
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      error: null,
      completed_at: null,
      model: "tiny",
      instructions: "be brief",
      metadata: { of: "a test" },
      user: "me",
      background: false,
      store: false,
      truncation: "disabled",
      service_tier: "default",
      previous_response_id: null,
      prompt_cache_key: null,
      safety_identifier: null,
      reasoning: null,
      tools: [],
      tool_choice: "auto",
      parallel_tool_calls: false,
      max_tool_calls: null,
      max_output_tokens: 8,
      temperature: 0,
      top_p: 1,
      top_logprobs: 0,
      frequency_penalty: 0,
      presence_penalty: 0,
      text: { format: { type: "text" } },
      usage: {
        input_tokens: expect.any(Number) as number,
        output_tokens: 8,
        total_tokens: expect.any(Number) as number,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  it("that end by themselves are complete", async () => {
    const { output_text: text } = await at.client.responses.create(base);
    const asked = { ...base, stop: text.slice(5, 8) };
    const whole = await at.client.responses.create(asked);
    expect(whole).toMatchObject({ status: "completed", incomplete_details: null, output: [{ status: "completed" }] });
    expect(whole.completed_at).toBeGreaterThanOrEqual(whole.created_at);
    expect(whole.output_text).toBe(text.slice(0, text.indexOf(text.slice(5, 8))));
    // The client's own account of a stream.
    const { created_at: _, id: __, ...streamed } = await at.client.responses.stream(asked).finalResponse();
    expect(streamed).toMatchObject({ status: "completed", usage: { output_tokens: whole.usage!.output_tokens } });
  });

  it("are streamed as OpenAI's events, in order and numbered", async () => {
    const response = await fetch(`${at.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...base, max_output_tokens: 2, stream: true }),
    });
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const lines = (await response.text()).trimEnd().split("\n\n");
    expect(lines.pop()).toBe("data: [DONE]");
    const events = lines.map((line) => {
      const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(line)!;
      return { name, ...(JSON.parse(data!) as Event) };
    });
    expect(events.map(({ name }) => name)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.incomplete",
    ]);
    expect(events.map(({ type }) => type)).toEqual(events.map(({ name }) => name));
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, i) => i));
    const [created, progress, added, opened, ...later] = events as object[];
    const started = { status: "in_progress", output: [], usage: null };
    expect(created).toMatchObject({ response: started });
    expect(progress).toMatchObject({ response: started });
    const { item } = added as { item: { id: string } };
    expect(item).toEqual({ id: item.id, type: "message", status: "in_progress", role: "assistant", content: [] });
    const place = { item_id: item.id, output_index: 0, content_index: 0 };
    const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
    expect(opened).toMatchObject({ ...place, part });
    const [one, two, done, closed, ended, last] = later as { delta?: string }[];
    const text = one!.delta! + two!.delta!;
    expect([one, two, done]).toMatchObject([place, place, { ...place, text }]);
    expect(closed).toMatchObject({ ...place, part: { ...part, text } });
    const whole = { ...item, status: "incomplete", content: [{ ...part, text }] };
    expect(ended).toMatchObject({ output_index: 0, item: whole });
    expect(last).toMatchObject({ response: { status: "incomplete", output: [whole], usage: { output_tokens: 2 } } });
  });

  it("of conversations are those of the same messages", async () => {
    const parts = (type: string, ...texts: string[]) => texts.map((text) => ({ type, text, annotations: [] }));
    const input = [
      { role: "developer", content: "be brief" },
      { type: "message", role: "user", content: parts("input_text", "a film", "my day") },
      { type: "reasoning", id: "rs_1", summary: [] },
      { id: "msg_1", type: "message", role: "assistant", status: "completed", content: parts("output_text", "good") },
      { role: "user", content: "again" },
    ] as unknown as OpenAI.Responses.ResponseInput;
    const { choices, usage } = await at.client.chat.completions.create({
      ...chat,
      messages: [
        { role: "system", content: "of films" },
        { role: "system", content: "be brief" },
        {
          role: "user",
          content: [
            { type: "text", text: "a film" },
            { type: "text", text: "my day" },
          ],
        },
        { role: "assistant", content: "good" },
        { role: "user", content: "again" },
      ],
    });
    const whole = await at.client.responses.create({ ...base, instructions: "of films", input });
    expect(whole.output_text).toBe(choices[0]!.message.content);
    expect(whole.usage!.input_tokens).toBe(usage!.prompt_tokens);
  });

  it("have the log probabilities of chat completions", async () => {
    const asked = { ...base, include: ["message.output_text.logprobs" as const], top_logprobs: 2 };
    const { choices } = await at.client.chat.completions.create({ ...chat, logprobs: true, top_logprobs: 2 });
    const expected = choices[0]!.logprobs!.content!;
    const whole = await at.client.responses.create(asked);
    expect(whole.output).toMatchObject([{ content: [{ logprobs: expected }] }]);
    const events = await eventsOf(asked);
    const found = events.flatMap((event) => (event.type === "response.output_text.delta" ? event.logprobs : []));
    expect(found).toEqual(expected);
  });

  it("are counted and logged as chat completions are", async () => {
    const entries: RequestLogEntry[] = [];
    await again({ log: (entry) => entry.method === "POST" && entries.push(entry), logTexts: true });
    const { output_text: text, usage } = await at.client.responses.create(base);
    await eventsOf(base);
    await at.client.responses.create({ ...base, temperature: -1 }).catch(() => undefined);
    const page = await (await fetch(`${at.url}/metrics`)).text();
    for (const line of [
      'requests_total{route="responses",status="200"} 2',
      'requests_total{route="responses",status="400"} 1',
    ])
      expect(page.split("\n")).toContain(`lowrank_${line}`);
    expect(page).toMatch(/^lowrank_generated_tokens_total 16$/m);
    expect(page).toMatch(/^lowrank_time_to_first_token_seconds_count 2$/m);
    await expect.poll(() => entries.length, { interval: 5 }).toBe(3);
    const entry = { route: "/v1/responses", status: 200, model: "tiny", generatedTokens: 8, texts: [text] };
    expect(entries).toMatchObject([
      { ...entry, promptTokens: usage!.input_tokens, body: base },
      entry,
      { route: "/v1/responses", status: 400, error: "invalid_value" },
    ]);
  });

  it("free their place where the client leaves, and say in a stream what failed", async () => {
    const stream = await at.client.responses.create({ ...base, max_output_tokens: 80, stream: true });
    for await (const { type } of stream) if (type === "response.output_text.delta") break;
    const running = async () => ((await (await fetch(`${at.url}/health`)).json()) as { running: number }).running;
    await expect.poll(running, { interval: 5 }).toBe(0);
    await at.close();
    const gone = await tinyModel();
    at = await listening(languageServer(gone, { name: "tiny" }));
    const events: Event[] = [];
    for await (const event of await at.client.responses.create({ ...base, max_output_tokens: 80, stream: true })) {
      events.push(event);
      if (event.type === "response.output_text.delta") gone.dispose();
    }
    const last = events.at(-1) as OpenAI.Responses.ResponseFailedEvent;
    expect(last).toMatchObject({ type: "response.failed", sequence_number: events.length - 1 });
    const error = { code: "stale_node", message: expect.stringMatching(/disposed/) as string };
    expect(last.response).toMatchObject({ status: "failed", error, output: [{ status: "incomplete" }] });
  });

  it("are valid JSON of a schema, which the client parses", async () => {
    const properties = { good: { type: "boolean" }, stars: { enum: [1, 2, 3] } };
    const schema = { type: "object", properties, required: ["good", "stars"], additionalProperties: false };
    const format = { type: "json_schema" as const, name: "review", strict: true, schema };
    const parsed = await at.client.responses.parse({ ...base, max_output_tokens: 60, text: { format } });
    expect(parsed.output_parsed).toEqual({ good: expect.any(Boolean), stars: expect.toBeOneOf([1, 2, 3]) });
    expect(parsed).toMatchObject({ status: "completed", text: { format } });
    const { choices } = await at.client.chat.completions.create({
      ...chat,
      max_tokens: 60,
      response_format: { type: "json_schema", json_schema: { name: "review", schema } },
    });
    expect(parsed.output_text).toBe(choices[0]!.message.content);
    const asObject = {
      ...base,
      text: { format: { type: "json_object" as const } },
      max_output_tokens: 90,
      temperature: 1,
      seed: 3,
    };
    const whole = await at.client.responses.create(asObject);
    expect(whole.output_text[0]).toBe("{");
  });
});

import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { lowrank } from "../../ts/ai/index.js";
import type { CausalLanguageModel, Tool } from "../../ts/index.js";
import { all } from "../models/language/golden-decoder.js";
import { templatedModel, templateOf } from "../models/language/tool-templates.js";

const messages = [{ role: "user" as const, content: "a film" }];
const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "a film" }] }];

/** A model whose template writes functions. */
let model: CausalLanguageModel;
beforeAll(async () => {
  model = await templatedModel(templateOf("<tool_call>"));
});
afterAll(() => model?.dispose());
beforeEach(() => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
});

describe("a schema", () => {
  const schema = z.object({ good: z.boolean(), stars: z.union([z.literal(1), z.literal(2), z.literal(3)]) });
  const given = () => ({ model: lowrank(model), messages, temperature: 1.2, maxOutputTokens: 60, maxRetries: 0 });

  it("binds whole and streamed objects", async () => {
    const output = Output.object({ schema });
    for (const seed of [1, 2, 3]) {
      const answer = await generateText({ ...given(), output, seed });
      expect(schema.parse(answer.output)).toEqual(answer.output);
      expect(answer.finishReason).toBe("stop");
      const stream = streamText({ ...given(), output, seed });
      expect((await all(stream.partialOutputStream)).at(-1)).toEqual(answer.output);
    }
  });

  it("of any object, and of a choice", async () => {
    const choice = await generateText({ ...given(), output: Output.choice({ options: ["good", "bad"] }), seed: 4 });
    expect(["good", "bad"]).toContain(choice.output);
    const responseFormat = { type: "json" as const };
    const { content, finishReason } = await lowrank(model).doGenerate({ prompt, responseFormat, seed: 3 });
    expect(content).toHaveLength(1);
    expect(content[0]).toMatchObject({ type: "text", text: expect.stringMatching(/^\{/) as string });
    expect(["stop", "length"]).toContain(finishReason.unified);
  });
});

const city = z.object({ city: z.enum(["Paris", "Rome"]) });
const weather = tool({
  description: "the weather of a day",
  inputSchema: city,
  execute: ({ city: name }) => ({ city: name, degrees: 21 }),
});

describe("tools", () => {
  const given = () => ({
    model: lowrank(model),
    messages,
    tools: { weather },
    temperature: 1.2,
    maxOutputTokens: 200,
    maxRetries: 0,
    providerOptions: { lowrank: { parallelToolCalls: false } },
  });

  it("are called, and the answer goes on with their results", async () => {
    const seen = vi.spyOn(model.chatTemplate!, "apply");
    const answer = await generateText({
      ...given(),
      seed: 3,
      stopWhen: stepCountIs(2),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? "required" : "none" }),
    });
    expect(answer.steps.map(({ finishReason }) => finishReason)[0]).toBe("tool-calls");
    const [first, second] = answer.steps;
    const [call] = first!.toolCalls;
    expect(call!.toolCallId).toMatch(/^[a-z0-9]{9}$/);
    expect(city.parse(call!.input)).toEqual(call!.input);
    expect(first!.toolResults).toMatchObject([{ output: { ...(call!.input as object), degrees: 21 } }]);
    // What the second step was asked, and what the library answers to it.
    const [, told] = seen.mock.calls.at(-1)!;
    expect(told.map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
    const again = await model.chat(told, { temperature: 1.2, seed: 3, maxTokens: 200 });
    expect(second!.text).toBe(again.content);
    expect(told[2]).toMatchObject({
      tool_call_id: call!.toolCallId,
      name: "weather",
      content: expect.any(String) as string,
    });
    expect(JSON.parse(told[2]!.content as string)).toEqual({ ...(call!.input as object), degrees: 21 });
  });

  it("are called in streams as they come", async () => {
    const parts = async (stream: ReadableStream<{ type: string }>) => all(stream as unknown as AsyncIterable<never>);
    const stream = streamText({ ...given(), toolChoice: { type: "tool", toolName: "weather" }, seed: 4 });
    const found: { type: string; delta?: string; input?: unknown; id?: string; toolCallId?: string }[] = await parts(
      stream.fullStream as never,
    );
    const types = found
      .map(({ type }) => type)
      .filter((type) => /^tool-(input-start|input-end|call|result)$/.test(type));
    expect(types).toEqual(["tool-input-start", "tool-input-end", "tool-call", "tool-result"]);
    const deltas = found.filter(({ type }) => type === "tool-input-delta");
    expect(deltas.length).toBeGreaterThan(1);
    const call = found.find(({ type }) => type === "tool-call")!;
    expect(JSON.parse(deltas.map(({ delta }) => delta).join(""))).toEqual(call.input);
    expect(new Set(deltas.map(({ id }) => id))).toEqual(new Set([call.toolCallId]));
    expect(await stream.finishReason).toBe("tool-calls");
  });

  it("are the calls of `chat`, several in one answer too", async () => {
    // Of this family, whose calls end by tokens of their own, several are likely.
    const special = { "<s>": "<|tool_call_start|>", "<unk>": "<|tool_call_end|>" };
    const several = await templatedModel(templateOf("<|tool_list_start|>"), special);
    const parameters = {
      type: "object" as const,
      properties: { city: { enum: ["Paris", "Rome"] } },
      required: ["city"],
    };
    const described = [{ name: "weather", description: "the weather of a day" }, { name: "now" }];
    const tools = described.map((one): Tool => ({ type: "function", function: { ...one, parameters } }));
    const counts: number[] = [];
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const options = { temperature: 1.5, seed, toolChoice: "required" as const, maxTokens: 400 };
      const { toolCalls } = await several.chat(messages, { ...options, tools });
      const { content, finishReason } = await lowrank(several).doGenerate({
        prompt,
        temperature: 1.5,
        seed,
        maxOutputTokens: 400,
        toolChoice: { type: "required" },
        tools: described.map((one) => ({ type: "function", ...one, inputSchema: parameters })),
      });
      const calls = toolCalls.map(({ id, name, arguments: input }) => ({ toolCallId: id, toolName: name, input }));
      expect(content).toEqual(calls.map((call) => ({ type: "tool-call", ...call })));
      expect(finishReason).toEqual({ unified: "tool-calls", raw: "end-of-text" });
      counts.push(calls.length);
    }
    several.dispose();
    expect(Math.max(...counts)).toBeGreaterThan(1);
  });

  it("of a provider are left out, with a warning", async () => {
    const { warnings, content } = await lowrank(model).doGenerate({
      prompt,
      maxOutputTokens: 4,
      tools: [{ type: "provider", id: "other.search", name: "search", args: {} }],
    });
    expect(warnings).toEqual([{ type: "unsupported", feature: "provider-defined tool other.search" }]);
    const plain = (await all(model.generate(messages, { maxTokens: 4 }))).join("");
    expect(content).toEqual([{ type: "text", text: plain }]);
  });
});

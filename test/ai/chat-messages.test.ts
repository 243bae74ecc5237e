import { APICallError, UnsupportedFunctionalityError } from "ai";
import type { LanguageModelV3Message, LanguageModelV3Prompt } from "@ai-sdk/provider";
import { expect, it } from "vitest";
import { chatMessages } from "../../ts/ai/model-call.js";
import { ConfigError, UnsupportedError } from "../../ts/index.js";

const chat = (...prompt: LanguageModelV3Prompt) => chatMessages("doGenerate", prompt);
const text = (value: string) => ({ type: "text" as const, text: value });
const result = (output: object) => ({ type: "tool-result", toolCallId: "1", toolName: "weather", output });
const told = (...content: object[]) => ({ role: "tool", content }) as LanguageModelV3Message;

it("writes messages of every role", () => {
  expect(
    chat(
      { role: "system", content: "be brief" },
      { role: "user", content: [text("hello")] },
      { role: "user", content: [text("one"), text("two")] },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm, " },
          { type: "reasoning", text: "so" },
          text("I "),
          text("look"),
          { type: "tool-call", toolCallId: "1", toolName: "weather", input: { city: "Rome" } },
          { type: "tool-call", toolCallId: "2", toolName: "weather", input: '{"city": "Par' },
        ],
      },
      told(result({ type: "json", value: { degrees: 21 } }), {
        type: "tool-approval-response",
        approvalId: "3",
        approved: true,
      }),
    ),
  ).toEqual([
    { role: "system", content: "be brief" },
    { role: "user", content: "hello" },
    { role: "user", content: [text("one"), text("two")] },
    {
      role: "assistant",
      content: "I look",
      reasoning_content: "hm, so",
      tool_calls: [
        { id: "1", type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } },
        { id: "2", type: "function", function: { name: "weather", arguments: '{"city": "Par' } },
      ],
    },
    { role: "tool", tool_call_id: "1", name: "weather", content: '{"degrees":21}' },
  ]);
  expect(chat({ role: "assistant", content: [text("yes")] })).toEqual([{ role: "assistant", content: "yes" }]);
});

it("writes every kind of result", () => {
  const written = (output: object) => chat(told(result(output)))[0]!.content;
  expect(written({ type: "text", value: "sun" })).toBe("sun");
  expect(written({ type: "error-text", value: "no network" })).toBe("no network");
  expect(written({ type: "error-json", value: [1] })).toBe("[1]");
  expect(written({ type: "json", value: null })).toBe("null");
  expect(written({ type: "execution-denied" })).toBe("The call was denied.");
  expect(written({ type: "execution-denied", reason: "not now" })).toBe("not now");
  expect(written({ type: "content", value: [text("a"), text("b")] })).toBe("a\nb");
  // Results of functions that another provider has called.
  const executed = { role: "assistant", content: [text("so"), result({ type: "text", value: "sun" })] };
  expect(chat(executed as LanguageModelV3Message).map(({ role }) => role)).toEqual(["assistant", "tool"]);
});

it("refuses files, wherever they are, as the SDK's own error", () => {
  const file = { type: "file", mediaType: "image/png", data: new Uint8Array(3) };
  const cases = [
    { role: "user", content: [text("look"), file] },
    { role: "assistant", content: [file] },
    told(result({ type: "content", value: [{ type: "image-data", data: "AAAA", mediaType: "image/png" }] })),
  ];
  for (const message of cases) {
    const error = failure(() => chat(message as LanguageModelV3Message));
    expect(UnsupportedFunctionalityError.isInstance(error)).toBe(true);
    expect(APICallError.isInstance(error)).toBe(false);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect(error).toMatchObject({ functionality: expect.stringMatching(/image/) as string, code: "UNSUPPORTED" });
  }
  const circle: Record<string, unknown> = {};
  circle["circle"] = circle;
  expect(() => chat(told(result({ type: "json", value: circle })))).toThrow(ConfigError);
});

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

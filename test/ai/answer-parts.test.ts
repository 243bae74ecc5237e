import { expect, it } from "vitest";
import { AnswerParts } from "../../ts/ai/language-model.js";
import type { GeneratedToken } from "../../ts/models/language/sequence.js";

const token = (more: Partial<GeneratedToken>) => ({ id: 0, text: "", end: null, ...more }) as GeneratedToken;

it("a call's last arguments come before the text of the same token", () => {
  const parts = new AnswerParts();
  const opened = token({ toolCalls: [{ index: 0, id: "a", name: "f", arguments: "{" }] });
  const last = token({ text: "x", toolCalls: [{ index: 0, arguments: "}" }], end: "max-tokens" });
  const found = [...parts.push(opened), ...parts.push(last)];
  expect(found.map(({ type }) => type)).toEqual([
    "tool-input-start",
    "tool-input-delta",
    "tool-input-delta",
    "tool-input-end",
    "tool-call",
    "text-start",
    "text-delta",
    "text-end",
  ]);
  expect(found).toContainEqual(expect.objectContaining({ type: "tool-call", toolName: "f", input: "{}" }));
});

import type { LanguageModelV3Message, LanguageModelV3Prompt, LanguageModelV3ToolResultPart } from "@ai-sdk/provider";
import type { ChatMessage } from "../models/language/chat-message.js";
import { jsonText } from "./model-settings.js";
import { unsupported } from "./provided-models.js";

type Content<Role extends LanguageModelV3Message["role"]> = Extract<LanguageModelV3Message, { role: Role }>["content"];

/** A prompt of the AI SDK as messages for a chat template, copied. Throws `UnsupportedError` for files. */
export function chatMessages(what: string, prompt: LanguageModelV3Prompt): ChatMessage[] {
  return prompt.flatMap((message) => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.content }];
      case "user":
        return [userMessage(what, message.content)];
      case "assistant":
        return assistantMessages(what, message.content);
      case "tool":
        return message.content.flatMap((part) => (part.type === "tool-result" ? [toolMessage(what, part)] : []));
    }
  });
}

function userMessage(what: string, content: Content<"user">): ChatMessage {
  const parts = content.map((part) => {
    if (part.type === "text") return { type: "text", text: part.text };
    throw noFile(what, part);
  });
  return { role: "user", content: parts.length === 1 ? parts[0]!.text : parts };
}

/** The message, and the results of functions that another provider has called within it. */
function assistantMessages(what: string, content: Content<"assistant">): ChatMessage[] {
  let [text, reasoning] = ["", ""];
  const calls: object[] = [];
  const results: ChatMessage[] = [];
  for (const part of content)
    switch (part.type) {
      case "text":
        text += part.text;
        break;
      case "reasoning":
        reasoning += part.text;
        break;
      case "tool-call": {
        const { toolCallId, toolName, input } = part;
        // Arguments that are no JSON stay the text that they were.
        const written = typeof input === "string" ? input : jsonText(what, `input of the call ${toolCallId}`, input);
        calls.push({ id: toolCallId, type: "function", function: { name: toolName, arguments: written } });
        break;
      }
      case "tool-result":
        results.push(toolMessage(what, part));
        break;
      case "file":
        throw noFile(what, part);
    }
  const message = {
    role: "assistant",
    content: text,
    // As templates of models that reason read it.
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return [message, ...results];
}

function toolMessage(what: string, part: LanguageModelV3ToolResultPart): ChatMessage {
  const { toolCallId, toolName } = part;
  return { role: "tool", tool_call_id: toolCallId, name: toolName, content: resultText(what, part) };
}

function resultText(what: string, { toolCallId, output }: LanguageModelV3ToolResultPart): string {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "json":
    case "error-json":
      return jsonText(what, `result of the call ${toolCallId}`, output.value);
    case "execution-denied":
      return output.reason ?? "The call was denied.";
    case "content": {
      const texts = output.value.map((part) => {
        if (part.type === "text") return part.text;
        throw unsupported(what, `${part.type} in a tool's result`, "results are texts or JSON");
      });
      return texts.join("\n");
    }
  }
}

const noFile = (what: string, { mediaType }: { readonly mediaType: string }) =>
  unsupported(what, `a file of type ${mediaType}`, "prompts are texts");

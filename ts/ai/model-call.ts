import type {
  LanguageModelV3CallOptions,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
  LanguageModelV3ToolChoice,
  LanguageModelV3ToolResultPart,
  SharedV3Warning,
} from "@ai-sdk/provider";
import type { ChatMessage, Tool, ToolChoice } from "../models/language/tools/tool-options.js";
import type { GenerateOptions } from "../models/language/generate-options.js";
import { requestSeed } from "../serve/request-seed.js";
import { jsonCopy, jsonText, type LanguageSettings, ownOptions, takeLanguageSettings } from "./model-settings.js";
import { unsupported } from "./provided-models.js";

type Content<Role extends LanguageModelV3Message["role"]> = Extract<LanguageModelV3Message, { role: Role }>["content"];

/** A prompt of the AI SDK as messages for a chat template, copied. Throws `UnsupportedError` for files. @internal exported for its tests */
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

/** A call of the AI SDK as one of a language model, copied. */
export interface ModelCall {
  readonly messages: readonly ChatMessage[];
  readonly options: Omit<GenerateOptions, "assistantModel"> & Pick<LanguageSettings, "assistantModel">;
  readonly warnings: SharedV3Warning[];
}

/** Translates a call. Throws `ConfigError` for unknown names in `providerOptions.lowrank`, `UnsupportedError` for files. */
export function modelCall(what: string, given: LanguageModelV3CallOptions, settings: LanguageSettings): ModelCall {
  const warnings: SharedV3Warning[] = [];
  const own = takeLanguageSettings(what, ownOptions(what, given.providerOptions));
  const options = {
    ...settings,
    ...own,
    maxTokens: given.maxOutputTokens,
    temperature: given.temperature,
    topK: given.topK,
    topP: given.topP,
    presencePenalty: given.presencePenalty,
    frequencyPenalty: given.frequencyPenalty,
    stop: given.stopSequences?.slice(),
    seed: requestSeed(given.seed),
    signal: given.abortSignal,
    schema: schemaOf(what, given.responseFormat),
    tools: toolsOf(what, given.tools, warnings),
    toolChoice: choiceOf(given.toolChoice),
    logProbabilities: false,
  };
  return { messages: chatMessages(what, given.prompt), options, warnings };
}

function schemaOf(what: string, format: LanguageModelV3CallOptions["responseFormat"]): GenerateOptions["schema"] {
  if (format?.type !== "json") return undefined;
  const { schema = { type: "object" } } = format;
  return jsonCopy(what, "responseFormat.schema", schema) as GenerateOptions["schema"];
}

/** Functions; what a provider would execute itself is left out, with a warning. */
function toolsOf(what: string, tools: LanguageModelV3CallOptions["tools"], warnings: SharedV3Warning[]) {
  if (tools === undefined || tools.length === 0) return undefined;
  return tools.flatMap((tool): Tool[] => {
    if (tool.type === "provider") {
      warnings.push({ type: "unsupported", feature: `provider-defined tool ${tool.id}` });
      return [];
    }
    const { name, description, inputSchema, inputExamples = [], strict } = tool;
    if (inputExamples.length > 0)
      warnings.push({ type: "unsupported", feature: "inputExamples", details: "put them into the description" });
    const parameters = jsonCopy(what, `inputSchema of ${name}`, inputSchema) as Readonly<Record<string, unknown>>;
    return [{ type: "function", function: { name, description, parameters, strict } }];
  });
}

function choiceOf(choice: LanguageModelV3ToolChoice | undefined): ToolChoice | undefined {
  if (choice?.type !== "tool") return choice?.type;
  return { type: "function", function: { name: choice.toolName } };
}

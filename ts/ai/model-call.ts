import type { LanguageModelV3CallOptions, LanguageModelV3ToolChoice, SharedV3Warning } from "@ai-sdk/provider";
import type { ChatMessage } from "../models/language/chat-message.js";
import type { GenerateOptions } from "../models/language/generate-options.js";
import type { Tool, ToolChoice } from "../models/language/tools/tool-options.js";
import { requestSeed } from "../serve/request-seed.js";
import { chatMessages } from "./chat-messages.js";
import { jsonCopy, type LanguageSettings, ownOptions, takeLanguageSettings } from "./model-settings.js";

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

import { isRecord } from "../../arguments/collections.js";
import { readOptions } from "../../arguments/read-options.js";
import { unexpected } from "../../arguments/settings.js";
import type { Json } from "../../io/json.js";
import type { ChatMessage } from "../../models/language/chat-message.js";
import type { GenerationRequest } from "../../models/language/generate.js";
import type { Prompt } from "../../models/language/generate-options.js";
import { type CalledLanguageModel, promptIds, takeRequest } from "../../models/language/prompts.js";
import { ApiError, reading } from "./api-error.js";
import { chatFields, generationFields } from "./generation-fields.js";

/** The fields of a body, by name. */
export type Fields = Readonly<Record<string, Json>>;

/** A checked request, apart from its adapter. */
export interface AskedGeneration {
  /** The name of the base or of an adapter. */
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Choices of each prompt. */
  readonly n: number;
  readonly promptTokens: number;
  /** The choices of the first prompt, of the second, and so on. */
  readonly requests: (adapter: string | null, signal: AbortSignal) => GenerationRequest[];
}

/** OpenAI treats null as a field that is not there. */
const present = (fields: Fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

const CHAT = "chat completions";

/** Checks the body of a chat completion. @param maxTokens the server's limit of new tokens */
export function askedChat(model: CalledLanguageModel, fields: Fields, maxTokens: number): AskedGeneration {
  return reading("messages", () => {
    const taken = readOptions(CHAT, present(fields), { ...generationFields, ...chatFields });
    const most = taken.max_completion_tokens ?? taken.max_tokens;
    const limit = taken.max_completion_tokens === undefined ? "max_tokens" : "max_completion_tokens";
    return asked(model, CHAT, "messages", [conversation(taken.messages)], { ...taken, most, limit, maxTokens });
  });
}

/** The messages of a chat. Templates know the role "developer" by its earlier name. */
function conversation(messages: unknown): Prompt {
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isRecord))
    throw unexpected(CHAT, "messages", "a list of { role, content } with at least one", messages);
  const given: readonly object[] = messages.map((message) =>
    message["role"] === "developer" ? { ...message, role: "system" } : message,
  );
  return given as readonly ChatMessage[];
}

type Taken = { [Name in keyof typeof generationFields]: ReturnType<(typeof generationFields)[Name]> } & {
  readonly most: number | undefined;
  readonly limit: string;
  readonly maxTokens: number;
};

function asked(
  model: CalledLanguageModel,
  what: string,
  field: string,
  prompts: readonly Prompt[],
  taken: Taken,
): AskedGeneration {
  const { n, most, limit, maxTokens } = taken;
  if (most !== undefined && most > maxTokens)
    throw new ApiError(400, "invalid_value", `${limit} is at most ${maxTokens} here, got ${most}`, limit);
  const read = prompts.map((prompt) => {
    const ids = promptIds(model, what, prompt);
    const room = model.maxTokens - ids.length;
    if (ids.length > 0 && room >= (most ?? 1)) return { ids, maxTokens: most ?? Math.min(room, maxTokens) };
    const message =
      ids.length === 0
        ? "the prompt has no token"
        : `this model has ${model.maxTokens} positions: ${ids.length} tokens of ${field} and ${most ?? 1} new ones do not fit`;
    throw new ApiError(400, ids.length === 0 ? "invalid_value" : "context_length_exceeded", message, field);
  });
  const given = taken.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  // Seeds of other programs may be negative.
  const seed = given < 0 ? given + 2 ** 53 : given;
  const options = {
    ...{ temperature: taken.temperature, topK: taken.top_k, topP: taken.top_p, minP: taken.min_p },
    ...{ repetitionPenalty: taken.repetition_penalty, stop: taken.stop, logProbabilities: false },
  };
  const requests = (adapter: string | null, signal: AbortSignal) =>
    read.flatMap(({ ids, maxTokens }) =>
      Array.from({ length: n }, (_, i) =>
        takeRequest(model, what, ids, {
          ...options,
          maxTokens,
          adapter,
          signal,
          seed: (seed + i) % Number.MAX_SAFE_INTEGER,
        }),
      ),
    );
  const promptTokens = read.reduce((sum, { ids }) => sum + ids.length, 0);
  return { model: taken.model, stream: taken.stream, includeUsage: taken.stream_options, n, promptTokens, requests };
}

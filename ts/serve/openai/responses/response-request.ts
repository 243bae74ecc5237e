import { readOptions } from "../../../arguments/options.js";
import { unexpected } from "../../../arguments/settings.js";
import type { CalledLanguageModel } from "../../../models/language/called-language-model.js";
import { reading } from "../api-error.js";
import { type Fields, present } from "../fields.js";
import { type AskedGeneration, asked, conversation, type GenerationLimits } from "../generation-request.js";
import { inputMessages } from "./input-messages.js";
import { responseFields } from "./response-fields.js";

const RESPONSES = "responses";

/** Names in errors, of fields that chat completions have in another form. */
export const responseNames = (words: string): string =>
  words.replace(/(tools\[\d+\]\.)function\./, "$1").replace(/^response_format$/, "text.format");

/** Checks the body of a response. */
export function askedResponse(model: CalledLanguageModel, fields: Fields, limits: GenerationLimits): AskedGeneration {
  return reading(
    "input",
    () => {
      const body = present(fields);
      const taken = readOptions(RESPONSES, body, responseFields);
      const { include: logprobs, top_logprobs: top = 0, max_output_tokens: most } = taken;
      if (top > 0 && !logprobs)
        throw unexpected(
          RESPONSES,
          "top_logprobs",
          'a number only beside include: ["message.output_text.logprobs"]',
          top,
        );
      const prompt = conversation(inputMessages(RESPONSES, taken.input, taken.instructions));
      const generation = asked(model, RESPONSES, "input", [prompt], {
        ...taken,
        ...limits,
        most,
        limit: "max_output_tokens",
        n: 1,
        stream_options: false,
        max_tokens: undefined,
        user: undefined,
        top: logprobs ? top : null,
        schema: taken.text.schema,
        toolChoice: taken.tool_choice,
        parallelToolCalls: taken.parallel_tool_calls,
      });
      return { ...generation, echo: echoOf(taken, body) };
    },
    responseNames,
  );
}

type Taken = { readonly [Name in keyof typeof responseFields]: ReturnType<(typeof responseFields)[Name]> };

/** Fields of a request that are part of its answer. */
const echoOf = (taken: Taken, body: Fields): object => ({
  background: false,
  frequency_penalty: taken.frequency_penalty,
  instructions: taken.instructions ?? null,
  max_output_tokens: taken.max_output_tokens ?? null,
  max_tool_calls: null,
  metadata: taken.metadata,
  parallel_tool_calls: taken.parallel_tool_calls ?? true,
  presence_penalty: taken.presence_penalty,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: null,
  safety_identifier: null,
  service_tier: "default",
  store: false,
  temperature: taken.temperature,
  text: { format: taken.text.format },
  tool_choice: body["tool_choice"] ?? "auto",
  tools: body["tools"] ?? [],
  top_logprobs: taken.top_logprobs ?? 0,
  top_p: taken.top_p,
  truncation: "disabled",
  user: taken.user ?? null,
});

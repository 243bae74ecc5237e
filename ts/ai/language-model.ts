import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Content,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3StreamResult,
} from "@ai-sdk/provider";
import { AbortError } from "../errors/errors.js";
import type { CausalLanguageModel } from "../models/language/causal-language-model.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import { AnswerParts } from "./answer-parts.js";
import type { Batches } from "./batches.js";
import { type BegunText, begunAlone } from "./begun-text.js";
import { modelCall } from "./model-call.js";
import type { LanguageSettings } from "./model-settings.js";
import type { ProvidedLanguageModel } from "./provided-models.js";

const here = /* @__PURE__ */ lazyChunk(() => import("./begun-here.js"));

/** A language model as the AI SDK calls it. */
export class LowrankLanguageModel implements LanguageModelV3 {
  readonly specificationVersion = "v3";
  readonly provider = "lowrank";
  /** All addresses: the SDK would otherwise fetch a file before it is refused. */
  readonly supportedUrls = { "*/*": [/^/] };

  constructor(
    readonly modelId: string,
    private readonly model: ProvidedLanguageModel,
    private readonly settings: LanguageSettings,
    private readonly batches: Batches,
  ) {}

  async doGenerate(options: LanguageModelV3CallOptions): Promise<LanguageModelV3GenerateResult> {
    const { text, warnings } = await this.begin("doGenerate", options);
    const parts = new AnswerParts();
    const content: LanguageModelV3Content[] = [];
    let said = "";
    try {
      for (let token = await text.next(); token !== null; token = await text.next())
        for (const part of parts.push(token)) {
          if (part.type === "text-delta") said += part.delta;
          else if (part.type === "text-end") {
            content.push({ type: "text", text: said });
            said = "";
          } else if (part.type === "tool-call") content.push(part);
        }
    } finally {
      text.end();
    }
    const usage = parts.usage(text.promptTokens, text.reused);
    return { content, finishReason: parts.finishReason, usage, warnings };
  }

  async doStream(options: LanguageModelV3CallOptions): Promise<LanguageModelV3StreamResult> {
    const { text, warnings } = await this.begin("doStream", options);
    const parts = streamParts(text, options.includeRawChunks === true);
    const stream = new ReadableStream<LanguageModelV3StreamPart>({
      start: (controller) => controller.enqueue({ type: "stream-start", warnings }),
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      // At once, also while a token is being computed.
      cancel: () => text.end(),
    });
    return { stream };
  }

  private async begin(what: string, options: LanguageModelV3CallOptions) {
    const { model, settings } = this;
    const call = modelCall(what, options, settings);
    const text = isHere(model) ? (await here()).begunHere(what, model, call, this.batches) : begunAlone(model, call);
    return { text, warnings: call.warnings };
  }
}

/** Whether a model is of this thread. */
export const isHere = (model: ProvidedLanguageModel): model is CausalLanguageModel => "graph" in model;

/** An answer as it comes; an error ends it as a part, unless it was cancelled. */
async function* streamParts(
  text: BegunText,
  hasRaw: boolean,
): AsyncGenerator<LanguageModelV3StreamPart, void, undefined> {
  const parts = new AnswerParts();
  try {
    for (let token = await text.next(); token !== null; token = await text.next()) {
      if (hasRaw) yield { type: "raw", rawValue: token };
      yield* parts.push(token);
    }
  } catch (error) {
    if (error instanceof AbortError) throw error;
    yield { type: "error", error };
  } finally {
    text.end();
  }
  const usage = parts.usage(text.promptTokens, text.reused);
  yield { type: "finish", usage, finishReason: parts.finishReason };
}

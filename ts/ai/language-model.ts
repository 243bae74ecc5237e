import type {
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3GenerateResult,
  LanguageModelV3StreamPart,
  LanguageModelV3StreamResult,
  LanguageModelV3Usage,
} from "@ai-sdk/provider";
import { AbortError } from "../errors/errors.js";
import type { CausalLanguageModel } from "../models/language/causal-language-model.js";
import type { GeneratedToken, GenerationEnd } from "../models/language/sequence.js";
import type { ToolCallPiece } from "../models/language/tools/tool-options.js";
import { finishReasonOf } from "../serve/finish-reason.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import type { Batches } from "./batches.js";
import { begunAlone, type BegunText } from "./begun-text.js";
import { modelCall } from "./model-call.js";
import type { LanguageSettings } from "./model-settings.js";
import type { ProvidedLanguageModel } from "./provided-models.js";

/** A call while its arguments come. */
interface OpenCall {
  readonly toolCallId: string;
  readonly toolName: string;
  input: string;
}

/** The parts of an answer in the AI SDK's form: texts and calls, one after another. @internal exported for its tests */
export class AnswerParts {
  private texts = 0;
  private calls = 0;
  private tokens = 0;
  private isText = false;
  private call: OpenCall | null = null;
  private ended: GenerationEnd | null = null;

  /** The parts that a token completes. */
  *push({ text, toolCalls = [], end }: GeneratedToken): Generator<LanguageModelV3StreamPart, void, undefined> {
    this.tokens++;
    this.ended = end;
    // A call's further arguments come before the text that follows it.
    for (const piece of toolCalls) if (piece.id === undefined) yield* this.pushCall(piece);
    if (text !== "") yield* this.pushText(text);
    for (const piece of toolCalls) if (piece.id !== undefined) yield* this.pushCall(piece);
    if (end !== null) yield* this.close();
  }

  /** Why the answer ended. */
  get finishReason(): LanguageModelV3FinishReason {
    if (this.ended === null) return { unified: "error", raw: undefined };
    const reason = finishReasonOf(this.ended, this.calls > 0);
    return { unified: reason === "tool_calls" ? "tool-calls" : reason, raw: this.ended };
  }

  /** Counts of tokens so far; those of the prompt are undefined where they are unknown. */
  usage(promptTokens: number | undefined, reused: number | undefined): LanguageModelV3Usage {
    const noCache = promptTokens === undefined ? undefined : promptTokens - (reused ?? 0);
    return {
      inputTokens: { total: promptTokens, noCache, cacheRead: reused, cacheWrite: undefined },
      outputTokens: { total: this.tokens, text: undefined, reasoning: undefined },
    };
  }

  private *pushText(delta: string): Generator<LanguageModelV3StreamPart, void, undefined> {
    if (!this.isText) {
      yield* this.close();
      this.isText = true;
      yield { type: "text-start", id: this.textId };
    }
    yield { type: "text-delta", id: this.textId, delta };
  }

  private *pushCall(piece: ToolCallPiece): Generator<LanguageModelV3StreamPart, void, undefined> {
    const { id, name = "", arguments: delta } = piece;
    if (id !== undefined) {
      yield* this.close();
      this.call = { toolCallId: id, toolName: name, input: "" };
      this.calls++;
      yield { type: "tool-input-start", id, toolName: name };
    }
    const call = this.call!;
    call.input += delta;
    if (delta !== "") yield { type: "tool-input-delta", id: call.toolCallId, delta };
  }

  /** Ends the text or the call that is open. */
  private *close(): Generator<LanguageModelV3StreamPart, void, undefined> {
    const { isText, textId, call } = this;
    [this.isText, this.call] = [false, null];
    if (isText) {
      this.texts++;
      yield { type: "text-end", id: textId };
    }
    if (call === null) return;
    yield { type: "tool-input-end", id: call.toolCallId };
    yield { type: "tool-call", ...call };
  }

  private get textId(): string {
    return `text-${this.texts}`;
  }
}

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

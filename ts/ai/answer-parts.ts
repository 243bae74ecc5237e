import type { LanguageModelV3FinishReason, LanguageModelV3StreamPart, LanguageModelV3Usage } from "@ai-sdk/provider";
import type { GenerationEnd, GeneratedToken } from "../models/language/sequence.js";
import type { ToolCallPiece } from "../models/language/tools/tool-options.js";
import { finishReasonOf } from "../serve/finish-reason.js";

/** A call while its arguments come. */
interface OpenCall {
  readonly toolCallId: string;
  readonly toolName: string;
  input: string;
}

/** The parts of an answer in the AI SDK's form: texts and calls, one after another. */
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

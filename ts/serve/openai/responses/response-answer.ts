import type { RunningText } from "../../../models/language/batch/continuous-batch.js";
import type { GenerationEnd } from "../../../models/language/sequence.js";
import type { ErrorBody } from "../api-error.js";
import { isCut } from "../../finish-reason.js";
import type { AnswerAsked, GeneratedAnswer } from "../generation-answer.js";
import { newId, OutputItems, type ResponseEvent } from "./output-items.js";

const now = () => Math.floor(Date.now() / 1000);

/** A response, while it is generated. */
export class ResponseAnswer implements GeneratedAnswer {
  private readonly head: object;
  private readonly items: OutputItems;
  private tokens = 0;
  private sent = 0;

  constructor(
    private readonly asked: AnswerAsked,
    private readonly text: RunningText,
  ) {
    this.head = { id: newId("resp"), object: "response", created_at: now(), model: asked.model, ...asked.echo };
    this.items = new OutputItems(asked.textOf);
  }

  end(): void {
    this.text.end();
  }

  /** The whole response: that of the last event. */
  async whole(): Promise<object> {
    let last: object = {};
    for await (const { response } of this.events()) if (response !== undefined) last = response;
    return last;
  }

  async *events(): AsyncGenerator<ResponseEvent, void, undefined> {
    const { text, items } = this;
    yield this.numbered({ type: "response.created", response: this.response("in_progress") });
    yield this.numbered({ type: "response.in_progress", response: this.response("in_progress") });
    let end: GenerationEnd | null = null;
    for (let token = await text.next(); token !== null; token = await text.next()) {
      this.tokens++;
      for (const event of items.add(token)) yield this.numbered(event);
      ({ end } = token);
    }
    const status = isCut(end!) ? "incomplete" : "completed";
    for (const event of items.end(status)) yield this.numbered(event);
    const details =
      status === "incomplete" ? { incomplete_details: { reason: "max_output_tokens" } } : { completed_at: now() };
    yield this.numbered({
      type: `response.${status}`,
      response: this.response(status, { ...details, usage: this.usage() }),
    });
  }

  failed({ code, message }: ErrorBody): ResponseEvent {
    const output = this.items.all.map((item) => ({
      ...item,
      ...(item.status === "in_progress" && { status: "incomplete" }),
    }));
    const response = this.response("failed", { output, error: { code, message }, usage: this.usage() });
    return this.numbered({ type: "response.failed", response });
  }

  private response(status: string, more: object = {}): object {
    const none = { error: null, incomplete_details: null, completed_at: null, usage: null };
    return { ...this.head, status, output: [...this.items.all], ...none, ...more };
  }

  private usage(): object {
    const { tokens, text } = this;
    const { promptTokens } = this.asked;
    return {
      input_tokens: promptTokens,
      input_tokens_details: { cached_tokens: text.reused },
      output_tokens: tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: promptTokens + tokens,
    };
  }

  private numbered(event: ResponseEvent): ResponseEvent {
    return { ...event, sequence_number: this.sent++ };
  }
}

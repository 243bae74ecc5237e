import type { RunningText } from "../../models/language/batch/continuous-batch.js";
import type { GenerationEnd } from "../../models/language/sequence.js";

/** Why a choice ended, in OpenAI's words. */
export type FinishReason = "stop" | "length";

/** How chat completions and completions differ. */
export interface AnswerForm {
  /** Beginning of ids. */
  readonly prefix: string;
  /** `object` of a whole answer and of an event. */
  readonly object: string;
  readonly event: string;
  /** A choice of a whole answer. */
  readonly choice: (text: string, finish: FinishReason) => object;
  /** A choice of the first event; null if there is none. */
  readonly first: (() => object) | null;
  /** A choice of an event: new text, or null, and why it was the last. */
  readonly piece: (text: string, finish: FinishReason | null) => object;
}

const finishOf = (end: GenerationEnd): FinishReason => (end === "max-tokens" || end === "context" ? "length" : "stop");

/** The choices of one answer, while they are generated. */
export class GenerationAnswer {
  private readonly head: { readonly id: string; readonly created: number; readonly model: string };
  private tokens = 0;

  constructor(
    private readonly form: AnswerForm,
    model: string,
    private readonly texts: readonly RunningText[],
    /** Of all prompts together. */
    private readonly promptTokens: number,
    /** Choices of each prompt. */
    private readonly n: number,
    private readonly includeUsage: boolean,
  ) {
    this.head = { id: form.prefix + crypto.randomUUID(), created: Math.floor(Date.now() / 1000), model };
  }

  /** Frees the places of choices that have not ended. */
  end(): void {
    for (const text of this.texts) text.end();
  }

  /** The whole answer. */
  async whole(): Promise<object> {
    const choices: object[] = [];
    for (const [index, running] of this.texts.entries()) {
      let [text, end]: [string, GenerationEnd | null] = ["", null];
      for (let token = await running.next(); token !== null; token = await running.next()) {
        this.tokens++;
        text += token.text;
        ({ end } = token);
      }
      choices.push({ index, logprobs: null, ...this.form.choice(text, finishOf(end!)) });
    }
    return { ...this.head, object: this.form.object, choices, usage: this.usage() };
  }

  /** The same as events: pieces of all choices in turn. */
  async *events(): AsyncGenerator<object, void, undefined> {
    const { form, texts } = this;
    if (form.first !== null) for (const index of texts.keys()) yield this.event(index, form.first());
    const open = new Set(texts.keys());
    while (open.size > 0)
      for (const index of open) {
        const token = await texts[index]!.next();
        if (token !== null) this.tokens++;
        if (token !== null && token.text !== "") yield this.event(index, form.piece(token.text, null));
        if (token !== null && token.end === null) continue;
        if (token !== null) yield this.event(index, form.piece("", finishOf(token.end!)));
        open.delete(index);
      }
    if (this.includeUsage) yield { ...this.head, object: form.event, choices: [], usage: this.usage() };
  }

  private event(index: number, choice: object): object {
    const usage = this.includeUsage ? { usage: null } : {};
    return { ...this.head, object: this.form.event, choices: [{ index, logprobs: null, ...choice }], ...usage };
  }

  private usage(): object {
    const { promptTokens, tokens, texts, n } = this;
    const firsts = texts.filter((_, i) => i % n === 0);
    const reused = firsts.reduce((sum, text) => sum + text.reused, 0);
    return {
      ...{ prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens },
      prompt_tokens_details: { cached_tokens: reused },
    };
  }
}

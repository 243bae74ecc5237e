import type { GeneratedToken } from "../../../models/language/sequence.js";
import type { ToolCallPiece } from "../../../models/language/tools/tool-options.js";
import { type TextOf, tokenLogprobs } from "../generation-answer.js";

/** An event of a response's stream. */
export interface ResponseEvent {
  readonly type: string;
  /** The response so far, of events of a response as a whole. */
  readonly response?: object;
  readonly [field: string]: unknown;
}

type Status = "in_progress" | "completed" | "incomplete";

interface TextPart {
  readonly type: "output_text";
  text: string;
  readonly annotations: readonly never[];
  readonly logprobs: object[];
}

interface Message {
  readonly id: string;
  readonly type: "message";
  status: Status;
  readonly role: "assistant";
  readonly content: readonly [TextPart];
}

interface Call {
  readonly id: string;
  readonly type: "function_call";
  status: Status;
  readonly call_id: string;
  readonly name: string;
  arguments: string;
}

/** The messages and function calls of a response, in the order in which they are generated. The last one may be open. */
export class OutputItems {
  /** All items in the response's order. */
  readonly all: (Message | Call)[] = [];
  /** Tokens since the last text: parts of a character, or of a call's beginning. */
  private pending: GeneratedToken[] = [];

  /** @param textOf writes tokens beside their log probabilities; null if these are not asked for */
  constructor(private readonly textOf: TextOf | null) {}

  /** The events of a token. */
  *add(token: GeneratedToken): Generator<ResponseEvent> {
    const { text, toolCalls = [] } = token;
    // A call's further arguments come before the text that follows it.
    for (const piece of toolCalls) if (piece.id === undefined) yield* this.addPiece(piece);
    this.pending.push(token);
    if (text !== "") yield* this.addText(text);
    for (const piece of toolCalls) if (piece.id !== undefined) yield* this.addPiece(piece);
    // Log probabilities are of texts alone.
    if (toolCalls.length > 0 || this.textOf === null) this.pending = [];
  }

  /** The events after the last token. An answer without any item is an empty message. */
  *end(status: Status): Generator<ResponseEvent> {
    const isText = this.all.at(-1)?.type !== "function_call";
    if (this.all.length === 0 || (isText && this.pending.length > 0)) yield* this.addText("");
    yield* this.close(status);
  }

  private *addText(delta: string): Generator<ResponseEvent> {
    if (this.all.at(-1)?.type !== "message") {
      yield* this.close("completed");
      const part: TextPart = { type: "output_text", text: "", annotations: [], logprobs: [] };
      const opened: Message = {
        id: newId("msg"),
        type: "message",
        status: "in_progress",
        role: "assistant",
        content: [part],
      };
      this.all.push(opened);
      yield { type: "response.output_item.added", ...this.place, item: { ...opened, content: [] } };
      yield { type: "response.content_part.added", ...this.placeOf(opened), content_index: 0, part };
    }
    const message = this.all.at(-1) as Message;
    const [part] = message.content;
    const logprobs = this.textOf === null ? [] : tokenLogprobs(this.pending, this.textOf);
    this.pending = [];
    part.text += delta;
    for (const one of logprobs) part.logprobs.push(one);
    yield { type: "response.output_text.delta", ...this.placeOf(message), content_index: 0, delta, logprobs };
  }

  private *addPiece({ id, name = "", arguments: delta }: ToolCallPiece): Generator<ResponseEvent> {
    if (id !== undefined) {
      yield* this.close("completed");
      const opened: Call = {
        id: newId("fc"),
        type: "function_call",
        status: "in_progress",
        call_id: id,
        name,
        arguments: "",
      };
      this.all.push(opened);
      yield { type: "response.output_item.added", ...this.place, item: opened };
    }
    if (delta === "") return;
    const call = this.all.at(-1) as Call;
    call.arguments += delta;
    yield { type: "response.function_call_arguments.delta", ...this.placeOf(call), delta };
  }

  /** Completes the last item. */
  private *close(status: Status): Generator<ResponseEvent> {
    const item = this.all.at(-1);
    if (item?.status !== "in_progress") return;
    const place = this.placeOf(item);
    if (item.type === "message") {
      const [part] = item.content;
      const { text, logprobs } = part;
      yield { type: "response.output_text.done", ...place, content_index: 0, text, logprobs };
      yield { type: "response.content_part.done", ...place, content_index: 0, part };
    } else {
      const { name, arguments: given } = item;
      yield { type: "response.function_call_arguments.done", ...place, name, arguments: given };
    }
    // A call may be complete where the answer is cut after it.
    item.status = item.type === "function_call" && isJson(item.arguments) ? "completed" : status;
    yield { type: "response.output_item.done", ...this.place, item };
  }

  private get place() {
    return { output_index: this.all.length - 1 };
  }

  private placeOf({ id }: Message | Call) {
    return { item_id: id, ...this.place };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A new id, such as "msg_…". */
export const newId = (prefix: string) => `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;

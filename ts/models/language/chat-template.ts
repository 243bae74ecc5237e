import { checkRecord, flag, isRecord, listFrom, plainCopy, unexpected } from "../../arguments/settings.js";
import { optional, or, type Read, readOptions } from "../../arguments/options.js";
import { ConfigError, ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Json } from "../../io/json.js";
import { type ModelSource, readText } from "../../io/model-source.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import type { BoundedTemplate } from "./bounded-template.js";
import type { ChatMessage, ToolOptions } from "./tools/tool-options.js";
import type * as Parts from "./chat-parts.js";
import type { PreparedTools } from "./tools/prepare-tools.js";

/** A text that no template prints by itself. */
const MARK = "\u2063a part\u2063";

/**
 * Whether a template handles a list of parts as content; one that does not would print the list as data.
 * @param render the template
 */
function takesParts(render: (messages: readonly ChatMessage[]) => string): boolean {
  try {
    const text = render([{ role: "user", content: [{ type: "text", text: MARK }] }]);
    return text.includes(MARK) && !/["']type["']/.test(text);
  } catch {
    // For example one that concatenates text and list.
    return false;
  }
}

/** Messages with parts joined by line breaks. Throws `ConfigError` for a part that is not text. */
function joinParts(what: string, messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message, place) => {
    const { content } = message;
    if (!Array.isArray(content)) return message;
    const texts = content.map((part: unknown) => {
      if (isRecord(part) && part["type"] === "text" && typeof part["text"] === "string") return part["text"];
      throw new ConfigError(
        `${what}: content of message ${place} has ${excerpt(part)}, where this model's chat template takes text alone: ` +
          'parts are { type: "text", text }',
        { op: what, option: "messages", place, expected: '{ type: "text", text }', value: part },
      );
    });
    return { ...message, content: texts.join("\n") };
  });
}

/** Whether a message's content is a list of parts. */
const inParts = ({ content }: ChatMessage): boolean => Array.isArray(content);

/** Fetched only for models with a template. */
const chatParts = /* @__PURE__ */ lazyChunk(() => import("./chat-parts.js"));

/** Options of `applyChatTemplate`. */
export interface ChatTemplateOptions {
  /** Append the beginning of an answer; default false, in `generate` true. */
  readonly addGenerationPrompt?: boolean;
  /** Descriptions of functions that the model may call. Throws `ConfigError` if the template does not support tools. */
  readonly tools?: readonly object[];
  /** Further variables for the template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

const records: Read<readonly object[]> = (what, name, value) =>
  listFrom(`${what}: ${name} is a list of objects`, value, (item) => {
    if (isRecord(item)) return plainCopy(what, name, item) as object;
    throw unexpected(what, name, "a list of objects", item);
  });

const record: Read<Readonly<Record<string, unknown>>> = (what, name, value) => {
  if (isRecord(value)) return plainCopy(what, name, value) as Record<string, unknown>;
  throw unexpected(what, name, "an object of values by name", value);
};

const readers = {
  addGenerationPrompt: or(false, flag),
  tools: optional(records),
  variables: or({}, record),
};

/** What shows whether a template writes functions. */
const PROBE: readonly ChatMessage[] = [{ role: "user", content: "" }];
const TOOL = {
  type: "function",
  function: { name: "probed_function", description: "", parameters: { type: "object", properties: {} } },
};

type Settings = Readonly<Record<string, Json>>;

/** Special tokens that templates use. */
const SPECIAL = ["bos_token", "eos_token", "unk_token", "pad_token"];

/** A model's chat template. */
export class ChatTemplate {
  private constructor(
    private readonly name: string,
    /** The template's source in Jinja. */
    readonly source: string,
    private readonly special: Readonly<Record<string, string>>,
    private readonly parts: typeof Parts,
  ) {}

  /** The template from a model's files; null if they have none. Errors in it are reported on use. */
  static async read(from: ModelSource, settings: Settings): Promise<ChatTemplate | null> {
    const source = (await readText(from, "chat_template.jinja")) ?? templateOf(settings["chat_template"]);
    if (source === null) return null;
    const special = SPECIAL.flatMap((token) => {
      const given = settings[token];
      const text = isRecord(given) ? given["content"] : given;
      return typeof text === "string" ? [[token, text] as const] : [];
    });
    return new ChatTemplate(from.name, source, Object.fromEntries(special), await chatParts());
  }

  private compiled: BoundedTemplate | undefined;
  private takesParts: boolean | undefined;
  private knowsTools: boolean | undefined;

  /** Whether it writes functions that a model may call. */
  get writesTools(): boolean {
    return (this.knowsTools ??= this.writes(PROBE, { tools: [TOOL] }) !== null);
  }

  /** The text of a conversation; null if the template fails. */
  writes(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string | null {
    return orNull(() => this.apply("chat template", messages, options));
  }

  /** A conversation with functions; null if the model may call none. Throws `ConfigError` for invalid options. */
  prepareTools(what: string, messages: readonly ChatMessage[], options: ToolOptions): PreparedTools | null {
    return this.parts.prepareTools(this, what, takeMessages(what, messages), options);
  }

  /**
   * The text of a conversation in which the model may call no functions; earlier calls are written as the model knows them. Answers are generated
   * from it and trained on it. Throws as `apply` does.
   */
  textWithoutTools(
    what: string,
    messages: readonly ChatMessage[],
    options: Pick<ChatTemplateOptions, "addGenerationPrompt">,
  ): string {
    return this.apply(what, this.parts.withoutFunctions(what, takeMessages(what, messages), this), options);
  }

  /**
   * The text of a conversation in which the model may call these functions, as an answer with them is generated from it. Throws as `prepareTools`
   * and `apply` do.
   */
  textWithTools(
    what: string,
    messages: readonly ChatMessage[],
    tools: unknown,
    { addGenerationPrompt = false }: Pick<ChatTemplateOptions, "addGenerationPrompt">,
  ): string {
    return this.parts.textWithTools(this, what, takeMessages(what, messages), tools, addGenerationPrompt);
  }

  /** The text of a conversation. Throws `ConfigError` for invalid messages, `ModelError` if the template fails. */
  apply(what: string, messages: readonly ChatMessage[], options: ChatTemplateOptions): string {
    const { addGenerationPrompt, tools, variables } = readOptions(what, options, readers);
    const taken = takeMessages(what, messages);
    const compiled = (this.compiled ??= this.attempt(what, "cannot be read", () =>
      this.parts.boundedTemplate(this.source),
    ));
    const writer = (further: object) => (all: readonly ChatMessage[]) =>
      compiled({ ...this.special, ...further, messages: all, add_generation_prompt: addGenerationPrompt }, all.length);
    return this.attempt(what, "does not work for these messages", () => {
      const render = writer(tools === undefined ? variables : { ...variables, tools });
      const whole = taken.some(inParts) && !(this.takesParts ??= takesParts(render));
      const written = whole ? joinParts(what, taken) : taken;
      const text = render(written);
      if (tools !== undefined && tools.length > 0 && text === orNull(() => writer(variables)(written)))
        throw new ConfigError(
          `${what}: the chat template of model ${clip(this.name)} writes no tools, so the model would not hear of these: leave them out, ` +
            "describe them in a message, or take a model that was trained to call functions",
          { op: what, option: "tools", model: this.name },
        );
      return text;
    });
  }

  /** Runs `run`; errors in it are the template's. */
  private attempt<T>(what: string, problem: string, run: () => T): T {
    try {
      return run();
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause;
      throw new ModelError(
        `${what}: the chat template of model ${clip(this.name)} ${problem}: ${clip((cause as Error).message)}`,
        { op: what, model: this.name, key: "chat_template" },
        { cause },
      );
    }
  }
}

/** The text; null if the template fails. */
function orNull(write: () => string): string | null {
  try {
    return write();
  } catch {
    return null;
  }
}

/** `chat_template` of tokenizer_config.json: a text, or several by name, of which "default" is used. */
function templateOf(given: Json | undefined): string | null {
  if (typeof given === "string") return given;
  if (!Array.isArray(given)) return null;
  const named = (given as Json[]).find((one) => isRecord(one) && one["name"] === "default");
  const template = isRecord(named) ? named["template"] : undefined;
  return typeof template === "string" ? template : null;
}

/** Whether a prompt is a conversation, a list of objects, and not a list of ids. */
export const isChat = (prompt: unknown): prompt is readonly ChatMessage[] =>
  Array.isArray(prompt) && typeof prompt[0] === "object";

/** A copy of messages, as templates read them. Throws `ConfigError` for invalid ones. */
function takeMessages(what: string, messages: readonly ChatMessage[]): ChatMessage[] {
  const taken = listFrom(`${what}: messages are a list of { role, content }`, messages, (message, place) => {
    checkRecord(`${what}: message ${place} is { role, content }`, message);
    const copy = plainCopy(what, `message ${place}`, templateMessage(message as ChatMessage)) as ChatMessage;
    const { role, content } = copy;
    if (typeof role !== "string") throw wrong(what, place, "role", "a text", role);
    if (content != null && typeof content !== "string" && !Array.isArray(content))
      throw wrong(what, place, "content", "a text or a list of parts", content);
    return copy;
  });
  if (taken.length > 0) return taken;
  throw new ConfigError(`${what}: there is no message`, { op: what, option: "messages", length: 0 });
}

function wrong(what: string, place: number, field: string, expected: string, value: unknown): ConfigError {
  return new ConfigError(`${what}: ${field} of message ${place} is ${expected}, got ${excerpt(value)}`, {
    op: what,
    option: "messages",
    place,
    expected,
    value,
  });
}

/** A message as chat templates read it: arguments of calls are objects, where OpenAI's API has them as text. */
function templateMessage(message: ChatMessage): ChatMessage {
  const calls = message["tool_calls"];
  if (!Array.isArray(calls) || calls.length === 0) return message;
  // Templates fail on a content that is null.
  return { ...message, content: message.content ?? "", tool_calls: calls.map(templateCall) };
}

function templateCall(call: unknown): unknown {
  const own = isRecord(call) ? call["function"] : undefined;
  if (!isRecord(call) || !isRecord(own) || typeof own["arguments"] !== "string") return call;
  const parsed = own["arguments"].trim() === "" ? {} : jsonObject(own["arguments"]);
  return parsed === null ? call : { ...call, function: { ...own, arguments: parsed } };
}

function jsonObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    // For example one that was cut.
    return null;
  }
}

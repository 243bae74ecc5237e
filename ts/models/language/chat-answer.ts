import type { GenerationEnd } from "./sequence.js";
import type { ToolCall } from "./tools/tool-options.js";

/** The next message of a conversation, whole. */
export interface ChatAnswer {
  /** Text of the answer. */
  readonly content: string;
  /** Calls of functions; only with `tools`. */
  readonly toolCalls: readonly ToolCall[];
  /** Why it ended. */
  readonly end: GenerationEnd;
}

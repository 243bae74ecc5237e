/**
 * A turn of a conversation. Other fields that the model's template reads (`tool_calls`, `name`) are passed to it unchanged; but for
 * arguments of `tool_calls`, which may be JSON in a text and which templates get as an object.
 */
export interface ChatMessage {
  /** The role: "system", "user", "assistant", "tool", or another one that the template knows. */
  readonly role: string;
  /**
   * The content: a text, or a list of parts `{ type: "text", text }`. If the template does not handle lists, the parts are joined by line
   * breaks; parts of other types then throw.
   */
  readonly content?: string | readonly object[] | null;
  readonly [field: string]: unknown;
}

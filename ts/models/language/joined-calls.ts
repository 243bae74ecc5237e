import type { ToolCall, ToolCallPiece } from "./tools/tool-call.js";

/** The calls whose parts came with tokens. */
export function toolCallsOf(tokens: Iterable<{ readonly toolCalls?: readonly ToolCallPiece[] }>): ToolCall[] {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const { toolCalls = [] } of tokens)
    for (const { index, id = "", name = "", arguments: given } of toolCalls) {
      const call = (calls[index] ??= { id, name, arguments: "" });
      call.arguments += given;
    }
  return calls;
}

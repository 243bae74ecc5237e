import type { GenerationEnd } from "../models/language/sequence.js";

/** Why an answer ended, in OpenAI's words. */
export type FinishReason = "stop" | "length" | "tool_calls";

/** Whether a text ended before it was complete. */
export const isCut = (end: GenerationEnd): boolean => end === "max-tokens" || end === "context";

/** The reason in OpenAI's words. An answer that was cut has the reason "length", also if it calls functions. */
export function finishReasonOf(end: GenerationEnd, hasCalls: boolean): FinishReason {
  if (isCut(end)) return "length";
  return hasCalls ? "tool_calls" : "stop";
}

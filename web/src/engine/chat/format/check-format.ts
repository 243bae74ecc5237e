import type { Schema } from "../../../data/answers/fields.js";
import { type CallableFunction, toolOf } from "../../../data/answers/functions.js";
import { loaded } from "../language-model.js";
import { teaching } from "../teach.js";

/** Why a format cannot be used: a message in English, and the path of the schema that it is about. */
export interface FormatProblem {
  readonly message: string;
  readonly path: string;
}

type Generation = Parameters<NonNullable<typeof loaded.value>["model"]["generateTokens"]>;

/** The problem that the model reports at the start of a generation; null if it generates, and if no model can be asked now. */
async function problemOf(prompt: Generation[0], options: Generation[1], root: string): Promise<FormatProblem | null> {
  const now = loaded.value;
  // Training has ended the worker of the model.
  if (now === null || teaching.value !== null) return null;
  const tokens = now.model.generateTokens(prompt, { ...options, maxTokens: 1, adapter: null, logProbabilities: false });
  try {
    await tokens.next();
    return null;
  } catch (error) {
    const { name, message, details } = error as Error & { details?: { option?: unknown } };
    if (name !== "ConfigError" && name !== "UnsupportedError") throw error;
    const at = typeof details?.option === "string" ? details.option : "";
    return {
      message: message.replace(/^\w+: /, ""),
      path: at.startsWith(`${root}.`) ? at.slice(root.length + 1) : "",
    };
  } finally {
    await tokens.return().catch(() => undefined);
  }
}

/** Checks a JSON Schema by beginning an answer. The model keeps what it made of the schema for the answers that follow. */
export const schemaProblem = (schema: Schema): Promise<FormatProblem | null> => problemOf("1", { schema }, "schema");

/** The problem of a function's parameters, or null. */
export async function functionProblem(called: CallableFunction): Promise<FormatProblem | null> {
  if (loaded.value?.converses !== true) return null;
  const options = { tools: [toolOf(called)], toolChoice: "required" as const };
  return problemOf([{ role: "user", content: "1" }], options, "tools[0].function.parameters");
}

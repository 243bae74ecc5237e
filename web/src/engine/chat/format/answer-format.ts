import { computed } from "@preact/signals";
import { isBlank, noShape, schemaOfShape, type Shape } from "../../../data/answers/fields.js";
import { type CallableFunction, toolOf } from "../../../data/answers/functions.js";
import { storedValue } from "../../stored-value.js";
import type { Loaded } from "../language-model.js";

/** What answers are: any text, JSON of fields, or one of several choices. */
export const formats = ["free", "fields", "choices"] as const;
export type FormatKind = (typeof formats)[number];

/** The form of the answers, and the functions that the model may call. */
export interface AnswerFormat {
  readonly kind: FormatKind;
  readonly shape: Shape;
  /** Choices, one a line. */
  readonly choices: string;
  readonly functions: readonly CallableFunction[];
  /** Whether the first answer to a message must be a call. */
  readonly mustCall: boolean;
}

const initial: AnswerFormat = { kind: "free", shape: noShape, choices: "", functions: [], mustCall: false };

const stored = storedValue<AnswerFormat>("chat-format", initial);
export const { value: format, set: setFormat, find: findFormat } = stored;

/** The choices, without empty lines and repetitions. */
export const choicesOf = ({ choices }: AnswerFormat): readonly string[] => [
  ...new Set(
    choices
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  ),
];

/** The form that answers have. Without a field or a choice they are free. */
export const formOfAnswers = computed<FormatKind>(() => {
  const now = format.value;
  if (now.kind === "fields") return isBlank(now.shape) ? "free" : "fields";
  return now.kind === "choices" && choicesOf(now).length > 0 ? "choices" : "free";
});

/** What binds an answer. */
export const boundOptions = () => ({
  ...(formOfAnswers.value === "fields" && { schema: schemaOfShape(format.value.shape) }),
  ...(formOfAnswers.value === "choices" && { choices: choicesOf(format.value) }),
});

/**
 * The functions that the model may call; null for none.
 * @param isFirst whether nothing was called since the user's message
 */
export function functionOptions(now: Loaded, isFirst: boolean) {
  const { functions, mustCall } = format.value;
  if (!now.converses || functions.length === 0 || formOfAnswers.value === "choices") return null;
  return {
    tools: functions.map(toolOf),
    // A small model that must call goes on to call.
    ...(mustCall && isFirst && { toolChoice: "required" as const, parallelToolCalls: false }),
  };
}

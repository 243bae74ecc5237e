import { isJsonObject, type Json } from "../io/json.js";
import { type JsonObject, stepType } from "./checks.js";

/** The steps of a sequence, or the step itself. */
export const stepsOf = (step: Json | undefined, list: "normalizers" | "pretokenizers"): readonly Json[] =>
  stepType(step) === "Sequence"
    ? ((step as JsonObject)[list] as readonly Json[]).flatMap((one) => stepsOf(one, list))
    : isJsonObject(step)
      ? [step]
      : [];

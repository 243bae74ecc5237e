import { listFrom } from "../arguments/collections.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Example } from "../io/examples/example.js";

/** A copy of some examples. Throws `ConfigError` for what is none. */
export function takeExamples(what: string, examples: readonly Example[]): Example[] {
  return listFrom(`${what}: a list of examples is expected`, examples, (example, i) => {
    const { text, label } = (example as Partial<Example> | null | undefined) ?? {};
    if (typeof text === "string" && typeof label === "string") return { text, label };
    throw new ConfigError(`example ${i}: { text, label } of two strings is expected, got ${excerpt(example)}`, {
      option: "examples",
      expected: "{ text, label } of two strings",
      value: example,
      place: i,
    });
  });
}

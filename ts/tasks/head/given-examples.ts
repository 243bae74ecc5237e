import { listFrom } from "../../arguments/collections.js";
import { oneOf } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Example } from "../../io/examples/example.js";

/** A copy of some examples. Throws `ConfigError` for invalid ones. */
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

/** What to do with training examples without text. */
export type EmptyTexts = "refuse" | "keep";

/** Reads the option `emptyTexts` from unchecked options. */
export const emptyTextsOf = (options: { readonly emptyTexts?: EmptyTexts } | null): EmptyTexts | undefined =>
  options?.emptyTexts;

/** The most empty texts that a message names. */
const NAMED = 5;

/** A copy of training examples. Throws `ConfigError` for invalid ones, and for empty texts unless they are to be kept. */
export function takeLearnt(what: string, examples: readonly Example[], emptyTexts?: EmptyTexts): Example[] {
  const taken = takeExamples(what, examples);
  refuseEmpty(what, taken, emptyTexts);
  return taken;
}

/** Throws `ConfigError` for empty texts unless they are to be kept. */
export function refuseEmpty(
  what: string,
  taken: readonly Pick<Example, "text">[],
  emptyTexts: EmptyTexts = "refuse",
): void {
  oneOf(what, "emptyTexts", emptyTexts, ["refuse", "keep"]);
  const empty = emptyTexts === "keep" ? [] : [...taken.keys()].filter((i) => taken[i]!.text.trim() === "");
  if (empty.length === 0) return;
  const places = empty.slice(0, NAMED).join(", ") + (empty.length > NAMED ? ` and ${empty.length - NAMED} more` : "");
  const texts = empty.length === 1 ? `example ${places} has an empty text` : `examples ${places} have empty texts`;
  throw new ConfigError(`${what}: ${texts}: fill them in, remove them, or pass \`emptyTexts: "keep"\``, {
    op: what,
    option: "emptyTexts",
    place: empty[0],
    count: empty.length,
  });
}

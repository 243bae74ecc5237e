import { checkSignal } from "../../waiting/abort.js";
import { listFrom } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { checkOptions } from "../../arguments/options.js";
import { callable } from "../../arguments/settings.js";
import type { AdapterChoice } from "../../adapters/adapter-set.js";

/** Options of every inference. */
export interface InferOptions {
  /** Name of the adapter to apply, null for the base alone; default: the active one. */
  readonly adapter?: AdapterChoice;
  /** An adapter's name for each text, or null for the base alone; in place of `adapter`. */
  readonly adapters?: readonly (string | null)[] | undefined;
  /** Cancels between two batches: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch with the number of texts done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Names of these options. */
export const INFER_OPTIONS: readonly (keyof InferOptions)[] = ["adapter", "adapters", "signal", "onProgress"];

/** A copy of the texts. `what` names the call in messages. */
export function takeTexts(what: string, texts: readonly string[]): string[] {
  const expected = `${what}: a list of texts is expected (write [text] for one)`;
  if (typeof texts === "string")
    throw new ConfigError(`${expected}, got the single text ${excerpt(texts)}: \`${what}([text])\` takes it`, {
      op: what,
      option: "texts",
      expected: "a list of texts",
      value: texts,
    });
  return listFrom(expected, texts, (text, i) => {
    if (typeof text === "string") return text;
    throw new ConfigError(`${what}: texts: each is a string, number ${i} is ${excerpt(text)}`, {
      op: what,
      option: "texts",
      expected: "a string",
      value: text,
      place: i,
    });
  });
}

/** A checked copy. */
export function takeInferOptions(what: string, options: InferOptions): InferOptions {
  checkOptions(what, options, INFER_OPTIONS);
  const { adapter, adapters, signal, onProgress } = options;
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  if (Array.isArray(adapter))
    throw new ConfigError(
      `${what}: adapter is one name for all texts, null for the base alone; a list goes to adapters`,
      { op: what, option: "adapter", value: adapter },
    );
  if (adapters === undefined) return { adapter, signal, onProgress };
  if (adapter !== undefined)
    throw new ConfigError(`${what}: adapter is one for all texts and adapters one a text; give only one of them`, {
      op: what,
      option: "adapter",
      value: adapter,
    });
  return { adapters: takeAdapters(what, adapters), signal, onProgress };
}

/** A checked copy of a list of adapters, one for each text. */
export const takeAdapters = (what: string, adapters: readonly unknown[]) =>
  listFrom(`${what}: adapters are a list of names, null for the base alone`, adapters, (name, i) => {
    if (typeof name === "string" || name === null) return name;
    throw new ConfigError(
      `${what}: an adapter is its name, or null for the base alone; number ${i} is ${excerpt(name)}`,
      { op: what, option: "adapters", expected: "a name or null", value: name, place: i },
    );
  });

import { isRecord } from "../../arguments/collections.js";
import { choice, optional, or, type Read } from "../../arguments/options.js";
import { flag, text, unexpected, whole } from "../../arguments/settings.js";
import { modelName } from "./fields.js";

/** A text, or its token ids. */
export type Input = string | readonly number[];

const isIds = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id) && id >= 0);

/** A list of at least one item. */
function listOf<T>(expected: string, fits: (value: unknown) => value is T): Read<readonly T[]> {
  return (what, name, value) => {
    if (!Array.isArray(value) || value.length === 0) throw unexpected(what, name, expected, value);
    const wrong = value.findIndex((item) => !fits(item));
    if (wrong < 0) return value;
    throw unexpected(what, name, expected, (value as readonly unknown[])[wrong], undefined, { place: wrong });
  };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isDocument = (value: unknown): value is string | { readonly text: string } =>
  isText(value) || (isRecord(value) && isText(value["text"]));

const INPUTS = "a text, a list of token ids, or a list of texts or of such lists";
const textInputs = listOf(INPUTS, isText);
const idInputs = listOf(INPUTS, isIds);

const inputs: Read<readonly Input[]> = (what, name, value) => {
  if (isText(value) || isIds(value)) return [value];
  return (Array.isArray(value) && Array.isArray(value[0]) ? idInputs : textInputs)(what, name, value);
};

const severalTexts = listOf("a text, or a list of at least one", isText);
const texts: Read<readonly string[]> = (what, name, value) =>
  isText(value) ? [value] : severalTexts(what, name, value);

const severalDocuments = listOf("a list of at least one text or { text }", isDocument);
const documents: Read<readonly string[]> = (what, name, value) =>
  severalDocuments(what, name, value).map((given) => (isText(given) ? given : given.text));

const ignored: Read<undefined> = () => undefined;

/** Fields of embeddings. */
export const embeddingFields = {
  model: modelName,
  input: inputs,
  encoding_format: choice("float", "base64"),
  dimensions: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1)),
  normalize: or(true, flag),
  prompt_name: optional(text),
  user: ignored,
};

/** Fields of reranking. */
export const rerankFields = {
  model: optional(text),
  query: text,
  documents,
  top_n: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1)),
  return_documents: or(false, flag),
  max_tokens_per_doc: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1)),
  priority: ignored,
  user: ignored,
};

/** Fields of classification. */
export const classifyFields = {
  model: optional(text),
  input: optional(texts),
  texts: optional(texts),
  user: ignored,
};

import { choice, optional, or, type Read, readOptions } from "../../../arguments/options.js";
import { flag, text, whole } from "../../../arguments/settings.js";
import { reading } from "../api-error.js";
import { type Answered, type Answering, type Input, listOf, type TextEndpoint, type Texts } from "../texts.js";
import { type Body, field, ignored, modelName } from "./endpoint.js";
import { any, answer, boolean, integer, list, number, ofTexts, string, textModel } from "./json-schema.js";

const isText = (value: unknown): value is string => typeof value === "string";
const isIds = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id) && id >= 0);

const INPUTS = "a text, a list of token ids, or a list of texts or of such lists";
const textInputs = listOf(INPUTS, isText);
const idInputs = listOf(INPUTS, isIds);

const inputs: Read<readonly Input[]> = (what, name, value) => {
  if (isText(value) || isIds(value)) return [value];
  return (Array.isArray(value) && Array.isArray(value[0]) ? idInputs : textInputs)(what, name, value);
};

const ids = list(integer(0), { minItems: 1 });
const least1 = optional((what: string, name: string, value: unknown) => whole(what, name, value, 1));

const fields = {
  model: field(modelName, textModel),
  input: field(inputs, any(string, ids, list(string, { minItems: 1 }), list(ids, { minItems: 1 }))),
  encoding_format: field(choice("float", "base64"), { enum: ["float", "base64"], default: "float" }),
  dimensions: field(least1, integer(1)),
  normalize: field(or(true, flag), { ...boolean, default: true }),
  prompt_name: field(optional(text), string),
  user: ignored,
};

/** Characters of one call: longer lists of arguments overflow the stack. */
const PIECE = 4096;

/** Numbers in float32, least significant byte first, in base64. */
function base64(numbers: Float32Array): string {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => view.setFloat32(4 * i, number, true));
  let text = "";
  for (let i = 0; i < bytes.length; i += PIECE) text += String.fromCharCode(...bytes.subarray(i, i + PIECE));
  return btoa(text);
}

async function compute(texts: Texts, body: Body, request: Answering): Promise<Answered> {
  const what = "embeddings";
  const asked = reading("input", () => readOptions(what, body, fields));
  const { input, encoding_format: format, dimensions, normalize, prompt_name: promptName } = asked;
  texts.checkTexts("input", input);
  const { model: encoder, adapter, name } = texts.names.find(["embed"], asked.model);
  if (dimensions !== undefined)
    reading("dimensions", () => whole(what, "dimensions", dimensions, 1, encoder.hiddenSize));
  const options = { normalize, truncateDim: dimensions, promptName };
  const rows = await texts.vectors(encoder, adapter, input, options, request);
  const written = format === "base64" ? base64 : (row: Float32Array) => [...row];
  const data = rows.map((row, index) => ({ object: "embedding", index, embedding: written(row) }));
  return { data, model: name };
}

/** `POST /v1/embeddings`: vectors of texts by a sentence encoder. */
export const embeddings: TextEndpoint = {
  summary: "Vectors of texts",
  fields,
  required: ["model", "input"],
  schemas: {
    EmbeddingList: answer({
      object: { const: "list" },
      data: list(answer({ object: { const: "embedding" }, index: integer(0), embedding: any(list(number), string) })),
      ...ofTexts,
    }),
  },
  answer: "EmbeddingList",
  compute,
};

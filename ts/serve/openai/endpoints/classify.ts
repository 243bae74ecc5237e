import { optional, type Read, readOptions } from "../../../arguments/options.js";
import { text } from "../../../arguments/settings.js";
import type { TextClassifier } from "../../../tasks/classify/text-classifier.js";
import { answerOf } from "../../../tasks/head/prediction.js";
import { ApiError, reading } from "../api-error.js";
import { type Answered, type Answering, listOf, type TextEndpoint, type Texts } from "../texts.js";
import { type Body, field, ignored } from "./endpoint.js";
import { any, answer, list, number, ofTexts, string, textModel } from "./json-schema.js";

const isText = (value: unknown): value is string => typeof value === "string";
const severalTexts = listOf("a text, or a list of at least one", isText);
const textsOf: Read<readonly string[]> = (what, name, value) =>
  isText(value) ? [value] : severalTexts(what, name, value);
const input = field(optional(textsOf), any(string, list(string, { minItems: 1 })));

/** Fields of a request, of which `input` and `texts` are the same. */
const fields = { model: field(optional(text), textModel), input, texts: input, user: ignored };

async function compute(texts: Texts, body: Body, request: Answering): Promise<Answered> {
  const asked = reading("input", () => readOptions("classify", body, fields));
  if ((asked.input === undefined) === (asked.texts === undefined))
    throw new ApiError(400, "invalid_value", "give the texts as one of input and texts", "input");
  const given = (asked.input ?? asked.texts)!;
  texts.checkTexts(asked.input === undefined ? "texts" : "input", given);
  const { model: classifier, name } = texts.names.find(["classify"], asked.model);
  const rows = await texts.run(
    texts.queues.of(classifier.encoder),
    {
      count: given.length,
      tokensOf: (i) => classifier.tokenizer.encodeSteps(given[i]!),
      adapter: classifier.modelAdapter,
      finish: texts.queues.logits(classifier),
      skip: 0,
    },
    request,
  );
  const answer = answerOf(classifier as TextClassifier);
  const predictions = rows.map((row, i) => {
    const { text: _, ...rest } = answer(given[i]!, row, i);
    return rest;
  });
  return { model: name, predictions };
}

/** `POST /v1/classify`: labels of texts by a classifier. */
export const classify: TextEndpoint = {
  summary: "Labels of texts",
  fields,
  required: [],
  schemas: {
    Classification: answer({
      object: { const: "list" },
      ...ofTexts,
      // Of one label a text, or of several.
      predictions: list(any(answer({ label: string, probability: number }), answer({ labels: list(string) }))),
    }),
  },
  answer: "Classification",
  compute,
};

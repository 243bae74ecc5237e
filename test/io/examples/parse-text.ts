import { type ExampleOptions, examplesOf, sortLabels, type TextOptions } from "../../../ts/io/examples/example.js";
import { readTextRows } from "../../../ts/io/examples/table/text-rows.js";

/** Texts of a file that is text, as `readTexts` without waiting. */
export function parseTexts(text: string, options: TextOptions): string[] {
  return readTextRows(text, [options.text], options).map(({ fields }) => fields[0]!);
}

/** Examples of a file that is text, as `readExamples` without waiting. */
export function parseExamples(text: string, options: ExampleOptions) {
  const located = examplesOf(readTextRows(text, [options.text, options.label], options), options);
  const examples = located.map(({ text, label }) => ({ text, label }));
  return { examples, labels: options.labels ?? sortLabels(examples.map(({ label }) => label)) };
}

import { ConfigError } from "../../errors/errors.js";
import { splitExamples } from "../../io/examples/index.js";
import type { ReadExample } from "../../models/language/training/example-formats.js";
import type { JobContext } from "../job-task.js";
import { heldOutTexts, type LanguageSettings } from "../spec/language-settings.js";
import { type LanguageFile, readLanguageFile } from "./read-rows.js";

/** What a run learns from, and what it is measured on. */
export interface LanguageData {
  readonly train: LanguageFile;
  /** Without examples where nothing is held out; `split` where it was taken from the file to learn from. */
  readonly validation: LanguageFile & { readonly split: boolean };
}

/** What an example is asked: those that are asked the same stay on one side. */
function asked(example: ReadExample): string {
  switch (example.kind) {
    case "text":
      return example.text;
    case "completion":
      return example.prompt;
    case "instruction":
      return `${example.instruction}\n${example.input}`;
    case "conversation": {
      const first = example.messages.findIndex(({ role }) => role === "assistant");
      const before = example.messages.slice(0, first < 0 ? undefined : first);
      return before.map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content))).join("\n");
    }
    case "masked":
      return JSON.stringify(example.ids);
  }
}

/**
 * Reads the data: a file of its own for validation, or a seeded share of what is learnt from, in which nobody is asked what is
 * learnt too. Errors as `readLanguageFile`; `ConfigError` too where nothing could be held out.
 */
export async function loadLanguageData(settings: LanguageSettings, context: JobContext): Promise<LanguageData> {
  const all = await readLanguageFile(settings.data, settings, context);
  const { validation, validationSplit, seed } = settings;
  if (validation !== null)
    return { train: all, validation: { ...(await readLanguageFile(validation, settings, context)), split: false } };
  const { examples } = all;
  if (validationSplit === 0) return { train: all, validation: { ...all, examples: [], split: true } };
  const share = validationSplit ?? Math.min(heldOutTexts.share, heldOutTexts.most / examples.length);
  const labelled = examples.map((one) => ({ ...one, text: asked(one.example), label: "" }));
  const bare = (some: typeof labelled) => some.map(({ example, line }) => ({ example, line }));
  try {
    const { train, validation: held } = splitExamples(labelled, share, seed);
    return {
      train: { ...all, examples: bare(train) },
      validation: { ...all, examples: bare(held), split: true },
    };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const { setting } = context.words;
    const few = examples.length === 1 ? "the one example" : `${examples.length} examples`;
    throw new ConfigError(
      `${all.file}: of ${few} a share of ${share} cannot be held out, those that begin alike staying together: give more, a file with ` +
        `${setting("validation")}, another ${setting("validationSplit")}, or 0 to measure nothing`,
      { file: all.file, share, examples: examples.length },
      { cause },
    );
  }
}

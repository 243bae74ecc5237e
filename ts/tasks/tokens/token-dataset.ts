import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { LocatedTokens } from "../../io/examples/tokens/located-tokens.js";
import { type DataReader, drawnParts, inPlace, type TaskFile } from "../../training/data-parts.js";
import { sha256 } from "../../io/sha256.js";
import type { RunContext } from "../../training/task-definition.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import { checkClassWeights } from "../classify/read-labelled.js";
import { classifierPlan } from "../classify/settings.js";
import { checkFieldsDiffer } from "../table-rows.js";
import type { TokenSettings } from "./settings.js";
import { LabelIndex, type LabelledText, takeTokenExamples } from "./token-examples.js";

/** More labels than the first number are suspect. More than the second, and than a tenth of the words, give a warning. */
const SWAPPED = 10;
const MANY = 50;

const isTag = (name: string) => /^(O|[BIESLU]-.+)$/.test(name);
const share = (names: readonly string[]) => names.filter(isTag).length / names.length;

/**
 * Throws `ConfigError` if the label column seems to hold the words: its values are not tags, and there are more of them than of the words,
 * or the words look like tags. Warns of too many labels to train on.
 */
function checkAreTags(
  file: string,
  located: readonly LocatedTokens[],
  { optionNames: said, emit }: Pick<RunContext, "optionNames" | "emit">,
): void {
  const [words, labels]: [string[], string[]] = [[], []];
  for (const { example } of located)
    if ("words" in example)
      example.labels.forEach((label, w) => {
        if (label === null) return;
        labels.push(label);
        words.push(example.words[w]!);
      });
  const kinds = new Set(labels);
  if (kinds.size <= SWAPPED || share(labels) >= 0.1) return;
  const fields = said.setting("fields");
  const found = `${kinds.size} different labels of ${labels.length} words, such as ${excerpt([...kinds].slice(0, 3))}`;
  if (kinds.size > new Set(words).size || share(words) > 0.5)
    throw new ConfigError(
      `${file}: ${found}, are not tags, and the words are ${excerpt([...new Set(words)].slice(0, 3))}: the columns of words and tags seem to be swapped; name them with ${fields} (tokens, tags)`,
      { file, option: "fields", labels: kinds.size },
    );
  if (kinds.size > Math.max(MANY, labels.length / 10))
    emit({
      type: "warning",
      message: `${file}: ${found}, so few examples of each. Are these the tags? Name their column with ${fields} (tags)`,
    });
}

/** Fetched with the readers of tables. */
const fileReader = /* @__PURE__ */ lazyChunk(
  async () => (await import("../../io/examples/tokens/read-tokens.js")).readTokens,
);

/** A checked example and its line in the file. */
export interface LocatedText extends LabelledText {
  readonly line: number;
}

/** Examples of a file. */
type TokenFile = TaskFile<LocatedText>;

type Reading = Pick<TokenSettings, "fields">;
type Access = Pick<RunContext, "sources" | "emit" | "optionNames" | "isPart">;

/** Reads a file, and its labels if none are known yet. Throws `FormatError` and `ConfigError`, with the place, for invalid data. */
async function readTokenFile(
  path: string,
  { fields }: Reading,
  access: Access,
  known?: readonly string[],
): Promise<TokenFile> {
  const { sources, emit } = access;
  checkFieldsDiffer(fields, access.optionNames);
  const { name: file, bytes } = await sources.readData(path);
  const onWarning = (message: string) => emit({ type: "warning", message });
  const located = await (await fileReader())(bytes, { file, fields, onWarning });
  if (known === undefined) checkAreTags(file, located, access);
  const labels = known ?? labelsOf(located);
  if (labels.length < 2 && access.isPart !== true)
    throw new ConfigError(`${file}: two labels or more are needed; all words have ${excerpt(labels[0])}`, { labels });
  const index = new LabelIndex(labels);
  const examples = located.map(({ example, line }) =>
    inPlace(file, line, () => ({ ...takeTokenExamples(file, [example], index)[0]!, line })),
  );
  return { file, sha256: await sha256(bytes), examples, labels };
}

function labelsOf(located: readonly LocatedTokens[]): string[] {
  const names = new Set<string>();
  for (const { example } of located) {
    if ("words" in example) {
      for (const label of example.labels) if (label !== null) names.add(label);
    } else {
      names.add("O");
      for (const span of example.entities) {
        const { label } = Object(span) as { label?: unknown };
        if (typeof label === "string") for (const place of ["B", "I"]) names.add(`${place}-${label}`);
      }
    }
  }
  const others = [...names].filter((name) => name !== "O").sort();
  return names.has("O") ? ["O", ...others] : others;
}

/** Reads labelled words and splits them, equal texts on one side. */
export function tokenReader(settings: TokenSettings, context: RunContext): DataReader<LocatedText> {
  return {
    async read(path, all) {
      const read = await readTokenFile(path, settings, context, all?.labels);
      if (all === null && context.isPart !== true) checkClassWeights(read, settings, context.optionNames);
      return read;
    },
    ...drawnParts(settings, classifierPlan, context.optionNames),
  };
}

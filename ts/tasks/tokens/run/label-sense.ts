import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { LocatedTokens } from "../../../io/examples/tokens/located-tokens.js";
import type { RunContext } from "../../../training/task-definition.js";

/** More labels than the first number are suspect. More than the second, and than a tenth of the words, give a warning. */
const SWAPPED = 10;
const MANY = 50;

const isTag = (name: string) => /^(O|[BIESLU]-.+)$/.test(name);
const share = (names: readonly string[]) => names.filter(isTag).length / names.length;

/**
 * Throws `ConfigError` if the label column seems to hold the words: its values are not tags, and there are more of them than of the words,
 * or the words look like tags. Warns of too many labels to train on.
 */
export function checkAreTags(
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

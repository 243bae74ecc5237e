import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { LocatedTokens } from "../../../io/examples/tokens/located-tokens.js";
import type { RunContext } from "../../../training/task-definition.js";

/** Labels that are looked at with suspicion are more than these, those that are told of more than so many, and than a tenth of the words. */
const SWAPPED = 10;
const MANY = 50;

const isTag = (name: string) => /^(O|[BIESLU]-.+)$/.test(name);
const share = (names: readonly string[]) => names.filter(isTag).length / names.length;

/**
 * Throws `ConfigError` where labels are taken from the column of the words: they are no tags, and of more kinds than what stands for words,
 * or that looks like tags. Tells of labels too many to be learnt.
 */
export function checkAreTags(
  file: string,
  located: readonly LocatedTokens[],
  { words: said, emit }: Pick<RunContext, "words" | "emit">,
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
      `${file}: ${found}, are no tags, and the words are ${excerpt([...new Set(words)].slice(0, 3))}: words and tags are the other way round; name their columns by ${fields} (tokens, tags)`,
      { file, option: "fields", labels: kinds.size },
    );
  if (kinds.size > Math.max(MANY, labels.length / 10))
    emit({
      type: "warning",
      message: `${file}: ${found}: few examples are left for each. Are these its tags? ${fields} names their column (tags)`,
    });
}

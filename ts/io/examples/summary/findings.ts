import { clip } from "../../../errors/excerpt.js";
import type { DataFinding, DataPart, DataSummary, FindingCode, FoundExample, PartSummary } from "./data-summary.js";
import type { ExampleColumns } from "../read.js";
import { joinedLabels, misspelt, numbersIn } from "./label-forms.js";
import type { Survey } from "./survey.js";
import { mostCounted } from "./script-tokens.js";

/** Shares of truncated texts and of unknown tokens above which there is a finding. */
const CUT = 0.05;
const UNKNOWN = 0.05;
/** Above this share of unknown tokens, a finding about a script names them. */
const MOSTLY = 0.3;
/** Share of texts in a poorly supported script above which there is a finding. */
const STRANGE = 0.05;
/** Share of texts that are also in the training data from which the result is meaningless. */
const OVERLAP = 0.5;
/** Fewer examples of a class give a finding. */
const FEW = 5;
/**
 * Number of labels that in a small file may have few examples each. With more labels, one for every second example, the column is not labels.
 */
const FEW_LABELS = 20;
/** Least measured texts: with fewer, one text is five points. */
const SMALL_TEST = 20;
/** Share of numbers among the texts from which the column is probably wrong. */
const NUMBERS = 0.9;
/** The most labels that a message names. */
const NAMED = 6;

type Known = Omit<DataSummary, "findings">;

const names: Readonly<Record<DataPart, string>> = { train: "training", validation: "validation", test: "test" };

const percent = (share: number) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
const counted = (count: number, one: string, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** What to say of a test with few examples; null for none, and for enough. @param unit what an example is, such as "text" */
export const smallTestText = (examples: number, unit: string): string | null =>
  examples === 0 || examples >= SMALL_TEST
    ? null
    : `${counted(examples, unit)} to measure on ${examples === 1 ? "is" : "are"} few: each counts ${percent(1 / examples)}`;

function quoted(labels: readonly string[]): string {
  const first = labels.slice(0, NAMED).map((label) => JSON.stringify(clip(label, 40)));
  return first.join(", ") + (labels.length > NAMED ? ` and ${labels.length - NAMED} more` : "");
}

/** Findings about the labels. */
function* ofLabels(
  { labels, similarLabels, train, validation, test }: Known,
  columns: ExampleColumns | undefined,
): Generator<DataFinding> {
  const trained = labels.filter(({ train: count }) => count > 0);
  const all = trained.map(({ label }) => label);
  if (trained.length === 1)
    yield stop(
      "one-label",
      `${train.examples === 1 ? "the only training text has" : `all ${train.examples} training texts have`} the label ${quoted(all)}, and a classifier needs two; is this the labels' column?`,
    );
  const isId = trained.length > FEW_LABELS && trained.length > train.examples / 2;
  if (isId)
    yield stop(
      "id-labels",
      `there are ${trained.length} different labels in ${train.examples} examples (${quoted(all.slice(0, 2))}, …), as in a column of numbers or texts; name the labels' column`,
    );
  const held = [validation, test].filter((part) => part !== null);
  const unseen = labels.filter(({ train: count }) => count === 0).map(({ label }) => label);
  if (unseen.length > 0 && trained.length > 0)
    yield stop(
      "unseen-labels",
      `${counted(unseen.length, "label")} without a training example: ${quoted(unseen)}; the model cannot predict ${unseen.length === 1 ? "it" : "them"}`,
    );
  for (const similar of similarLabels.slice(0, NAMED))
    yield warn(
      "similar-labels",
      `the labels ${quoted(similar)} differ only in case or spaces; if they mean the same, use one name`,
    );
  const counts = labels.map(({ label, ...parts }) => [label, parts.train + parts.validation + parts.test] as const);
  for (const [wrong, right] of misspelt(counts.toSorted(([, one], [, other]) => other - one)).slice(0, NAMED)) {
    const [rare, usual] = [wrong, right].map((name) => counts.find(([label]) => label === name)![1]);
    yield warn(
      "similar-labels",
      `the label ${quoted([wrong])} (${counted(rare!, "text")}) may be a misspelt ${quoted([right])} (${usual}); if they mean the same, use one name`,
    );
  }
  const joined = isId ? [] : joinedLabels(all);
  if (joined.length > 0) {
    const among = new Set(joined);
    const texts = trained.reduce((sum, { label, train: count }) => sum + (among.has(label) ? count : 0), 0);
    const [is, each] = joined.length === 1 ? ["label is", "it is"] : ["labels are", "each is"];
    yield warn(
      "joined-labels",
      `${joined.length} ${is} several in one (${quoted(joined)}; ${counted(texts, "training text")}): ${each} treated as one more class. With --multi-label (multiLabel) a text has several labels`,
    );
  }
  const numbers = isId ? null : numbersIn(all, columns && String(columns.label));
  if (numbers === "wholes")
    yield warn(
      "score-labels",
      `the ${all.length} labels are whole numbers (${quoted(all.slice(0, 3))}, …): each is a separate class, without an order. For a scale, such as stars, the task "regress" predicts numbers; or use a few classes, such as low, middle and high, which are easier to predict`,
    );
  if (numbers === "decimals")
    yield warn(
      "score-labels",
      `the ${all.length} labels are numbers with decimals (${quoted(all.slice(0, 3))}, …): each becomes a class, without an order; is this the labels' column?`,
    );
  const few = trained.filter(({ train: count }) => count < FEW);
  if (!isId && few.length > 0) {
    const list = few.slice(0, NAMED).map(({ label, train: count }) => `${JSON.stringify(clip(label, 40))} ${count}`);
    const more = few.length > NAMED ? ` and ${few.length - NAMED} more` : "";
    yield warn(
      "few-examples",
      `${counted(few.length, "class has", "classes have")} fewer than ${FEW} training examples: ${list.join(", ")}${more}; add examples, or merge or remove classes`,
    );
  }
  // The validation is measured at the end only without a test.
  const unmeasured = trained
    .filter((count) => count[test === null ? "validation" : "test"] === 0)
    .map(({ label }) => label);
  if (!isId && held.length > 0 && unmeasured.length > 0)
    yield warn(
      "unmeasured-labels",
      `${counted(unmeasured.length, "label")} without a measured text, so ${unmeasured.length === 1 ? "its" : "their"} accuracy is unknown: ${quoted(unmeasured)}`,
    );
}

/** Findings about the texts of a split. */
function* ofPart(part: DataPart, summary: PartSummary, surveyed: Survey["parts"][number]): Generator<DataFinding> {
  const { sameAsTraining, seen, numbers, sharedGroups } = surveyed;
  const { examples, empty, nearDuplicates, inTraining } = summary;
  const name = names[part];
  if (examples === 0) yield stop("no-examples", `there are no ${name} examples`);
  else if (empty === examples)
    yield stop("no-texts", `all ${examples} ${name} texts are empty; is this the texts' column?`);
  else if (empty > 0)
    yield warn(
      "empty-texts",
      `${counted(empty, `${name} text is`, `${name} texts are`)} empty: fill them in, or remove them`,
      seen.empty.examples,
    );
  if (part === "train" && examples > empty && numbers >= NUMBERS * (examples - empty))
    yield stop("number-texts", `${numbers} of ${examples} ${name} texts are numbers; is this the texts' column?`);
  const share = (inTraining?.same ?? 0) / Math.max(1, examples - empty);
  // What else is odd in these texts was said of the training texts.
  if (sameAsTraining && examples > empty)
    return yield stop(
      "same-file",
      `the ${name} examples are the training examples, so the result says nothing about new texts; name another file, or hold out a part of the data`,
      seen.overlap.examples,
    );
  if (share >= OVERLAP)
    yield stop(
      "test-in-training",
      `${inTraining!.same} of ${examples} ${name} texts (${percent(share)}) are also in the training data, so the result says little about new texts; remove them from one of the two`,
      seen.overlap.examples,
    );
  else if (share > 0)
    yield warn(
      "overlap",
      `${counted(inTraining!.same, `${name} text`)} of ${examples} (${percent(share)}) ${inTraining!.same === 1 ? "is" : "are"} also in the training data, so results look better than they are; remove them from one of the two`,
      seen.overlap.examples,
    );
  if (inTraining !== null && inTraining.near > 0)
    yield warn(
      "near-overlap",
      `${counted(inTraining.near, `${name} text`)} of ${examples} ${inTraining.near === 1 ? "is a near duplicate" : "are near duplicates"} of training texts, so results look better than they are; keep such texts in one split`,
      seen.nearOverlap.examples,
    );
  const { count: chosen } = seen.chosen;
  if (chosen > 0)
    yield warn(
      "test-in-validation",
      `${counted(chosen, `${name} text`)} of ${examples} (${percent(chosen / examples)}) ${chosen === 1 ? "is" : "are"} also in the validation data, which chooses the step, so results look better than they are; remove them from one of the two`,
      seen.chosen.examples,
    );
  if (sharedGroups.length > 0)
    yield warn(
      "shared-groups",
      `${counted(sharedGroups.length, "group")} of the ${name} data (${quoted(sharedGroups)}) ${sharedGroups.length === 1 ? "is" : "are"} also in the training data, with ${counted(seen.sharedGroup.count, `${name} text`)}, so results look better than they are; keep each group in one split`,
      seen.sharedGroup.examples,
    );
  // Equal texts with different labels are another finding.
  const { count: repeats } = seen.repeats;
  if (repeats > 0)
    yield warn(
      "duplicates",
      `${counted(repeats, `${name} text repeats`, `${name} texts repeat`)} another and ${repeats === 1 ? "counts" : "count"} more than others; remove ${repeats === 1 ? "it" : "them"} if that is not intended`,
      seen.repeats.examples,
    );
  if (nearDuplicates > 0)
    yield warn(
      "near-duplicates",
      `${counted(nearDuplicates, `${name} text is a near duplicate`, `${name} texts are near duplicates`)} of another; splits and folds keep such texts together`,
      seen.nearDuplicates.examples,
    );
  yield* ofTokens(name, summary);
}

function* ofTokens(name: string, { tokens }: PartSummary): Generator<DataFinding> {
  if (tokens === null) return;
  const { cut, maxTokens, median, max, unknown, scripts } = tokens;
  if (cut > CUT)
    yield warn(
      "cut-texts",
      `${percent(cut)} of the ${name} texts are longer than ${maxTokens} tokens and are truncated (half have ${median} or more, the longest ${max < mostCounted(maxTokens) ? "" : "at least "}${max}); raise the limit if the model allows, or put the important part first`,
    );
  // One finding: about the script if words are split up and a few are unknown too, otherwise about the tokens.
  const strange = scripts.filter(
    (one) => !one.known && one.share > STRANGE && !(unknown > UNKNOWN && one.unknown > MOSTLY),
  );
  if (unknown > UNKNOWN && !strange.some((one) => one.unknown > UNKNOWN))
    yield warn(
      "unknown-tokens",
      `${percent(unknown)} of the tokens of ${name} texts are unknown to the model; is it for this language or script?`,
    );
  for (const { script, share, lettersPerToken, unknown: none } of strange.slice(0, NAMED)) {
    const latin = script === "Latin";
    const which = latin
      ? "in Latin letters, of a language"
      : script === "other"
        ? "in a script"
        : `in ${script}, a script`;
    const how =
      none > MOSTLY
        ? `${percent(none)} of their tokens are unknown to it`
        : `it splits their words into pieces of ${lettersPerToken.toFixed(1)} letters`;
    yield warn(
      "unknown-language",
      `${percent(share)} of the ${name} texts are ${which} that the model hardly knows: ${how}; use a model for the language, or a multilingual one, such as sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2`,
    );
  }
}

const finding =
  (severity: DataFinding["severity"]) =>
  (code: FindingCode, message: string, examples: readonly FoundExample[] = []): DataFinding => ({
    severity,
    code,
    message,
    examples,
  });
const stop = finding("stop");
const warn = finding("warn");

/** All findings, those that stop first. */
export function findingsOf(known: Known, { parts, twoLabels }: Survey, columns?: ExampleColumns): DataFinding[] {
  const all = [...ofLabels(known, columns)];
  if (columns?.pairedWith != null) {
    const [text, other] = [columns.text, columns.pairedWith].map((name) => JSON.stringify(clip(String(name), 40)));
    all.push(
      warn(
        "half-pairs",
        `training uses only column ${text}, and column ${other} looks like the other half of a pair. The tasks pairs and rank (--task) train on both`,
      ),
    );
  }
  for (const surveyed of parts) all.push(...ofPart(surveyed.part, known[surveyed.part]!, surveyed));
  const measured = known.test ?? known.validation;
  const few = measured === null ? null : smallTestText(measured.examples, "text");
  if (few !== null) all.push(warn("small-test", `${few}; folds test every text once`));
  if (twoLabels.count > 0)
    all.push(
      warn(
        "two-labels",
        `${counted(twoLabels.count, "text has", "texts have")} different labels; which is right?`,
        twoLabels.examples,
      ),
    );
  return [...all.filter(({ severity }) => severity === "stop"), ...all.filter(({ severity }) => severity === "warn")];
}

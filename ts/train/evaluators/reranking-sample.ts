import { isRecord, namesFrom } from "../../arguments/collections.js";
import { unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { binaryList, finiteNumbers, type NumberList, sameLength, sum } from "./number-lists.js";

/**
 * Documents of one query: scores with whether each document is relevant; or names of the positives with the other documents (`negative`) or a first
 * ranking (`documents`), and a score for each name.
 */
export type RerankingSample =
  | { readonly scores: NumberList; readonly relevant: ArrayLike<number | boolean> }
  | (NamedDocuments & {
      readonly scores: ReadonlyMap<string, number> | Readonly<Record<string, number>> | NumberList;
    });

interface NamedDocuments {
  /** The query; not read. */
  readonly query?: string | undefined;
  readonly positive: string | readonly string[];
  readonly negative?: readonly string[] | undefined;
  readonly documents?: readonly string[] | undefined;
}

interface Taken {
  /** How many positives there are, ranked or not. */
  readonly positives: number;
  readonly relevant: number[];
  readonly scores: number[];
  /** Whether each document of the first ranking is relevant, lost positives at the end. */
  readonly base?: number[];
}

/** Which documents of a sample are ranked, with their scores. */
export function takeSample(
  what: string,
  place: number,
  sample: Readonly<Record<string, unknown>>,
  alwaysRerankPositives: boolean,
): Taken {
  const at = (name: string) => `samples[${place}].${name}`;
  if (sample["relevant"] !== undefined) {
    const scores = finiteNumbers(what, at("scores"), sample["scores"]);
    const relevant = binaryList(what, at("relevant"), sample["relevant"]);
    sameLength(what, at("scores"), "marks of relevance", [scores.length, relevant.length]);
    return { positives: sum(relevant), scores, relevant };
  }
  const names = (name: string) => namesFrom(`${what}: ${at(name)} is a list of names`, sample[name]);
  const positive = typeof sample["positive"] === "string" ? [sample["positive"]] : names("positive");
  if (sample["documents"] === undefined) {
    const negative = names("negative");
    const docs = [...positive, ...negative];
    const relevant = docs.map((_, i) => (i < positive.length ? 1 : 0));
    return { positives: positive.length, relevant, scores: scoresOf(what, at("scores"), sample["scores"], docs) };
  }
  const documents = names("documents");
  const isPositive = new Set(positive);
  const ranked = documents.map((document) => (isPositive.has(document) ? 1 : 0));
  const hits = ranked.filter((one) => one === 1).length;
  // A ranking without any positive counts 0, whatever could be added to it.
  // One that repeats a positive may hold more than there are.
  const lost = Math.max(0, positive.length - hits);
  const base = hits === 0 ? ranked : [...ranked, ...new Array<number>(lost).fill(1)];
  const docs = alwaysRerankPositives
    ? [...positive, ...documents.filter((document) => !isPositive.has(document))]
    : documents;
  const relevant = docs.map((document) => (isPositive.has(document) ? 1 : 0));
  return { positives: positive.length, base, relevant, scores: scoresOf(what, at("scores"), sample["scores"], docs) };
}

function scoresOf(what: string, name: string, given: unknown, docs: readonly string[]): number[] {
  if (!(given instanceof Map) && !isRecord(given)) {
    const scores = finiteNumbers(what, name, given);
    sameLength(what, "documents", name, [docs.length, scores.length]);
    return scores;
  }
  return docs.map((document) => {
    const score: unknown =
      given instanceof Map ? given.get(document) : Object.hasOwn(given, document) ? given[document] : undefined;
    if (score === undefined) {
      const message = `${what}: ${name} has no score of ${excerpt(document)}`;
      throw new ConfigError(message, { op: what, option: "scores", value: document });
    }
    if (typeof score === "number" && Number.isFinite(score)) return score;
    throw unexpected(what, name, "finite numbers", score);
  });
}

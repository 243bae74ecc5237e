import { checkOptions, type Read, type Readers } from "../../arguments/options.js";
import { flag, unexpected } from "../../arguments/settings.js";
import type { LossCall } from "./loss-plan.js";

/** Options that hold data, which every loss may be given and those that need them read. */
const DATA = ["labels", "scores"];

/** Reads the options of a loss, besides labels and scores, which it reads with the number of rows. */
export function readLossOptions<T>({ what, options }: LossCall, readers: Readers<T>, data: readonly string[] = []): T {
  const names = Object.keys(readers);
  checkOptions(what, options, [...names, ...DATA, ...data]);
  const taken = {} as T;
  for (const name in readers) taken[name] = readers[name](what, name, options[name]);
  return taken;
}

/** A word, whatever its case and dividers, and whatever class stands before it: "TripletDistanceMetric.COSINE" is "cosine". */
const plain = (word: string) =>
  word
    .split(".")
    .at(-1)!
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");

/** One of a few words by any of their spellings. */
export function word<T extends string>(fallback: NoInfer<T>, spellings: Readonly<Record<T, string>>): Read<T> {
  const words = Object.keys(spellings) as T[];
  return (what, name, value) => {
    if (value === undefined) return fallback;
    const given = typeof value === "string" ? plain(value) : "";
    // As it is first: without its signs "ndcg-loss2++" is another of them.
    const found =
      words.find((own) => own === value) ??
      words.find((own) => plain(own) === given || spellings[own].split(" ").includes(given));
    if (found !== undefined) return found;
    const expected = `one of ${words.map((own) => `"${own}"`).join(", ")}`;
    throw unexpected(what, name, expected, value, undefined, { allowed: words });
  };
}

/** How two vectors are compared. */
export type Similarity = "cosine" | "dot";
export const similarity = (fallback: Similarity) =>
  word(fallback, { cosine: "cossim pairwisecossim cosinesimilarity", dot: "dotscore pairwisedotscore dotproduct" });

/** How far two vectors are apart. */
export type Distance = "euclidean" | "cosine" | "manhattan";
export const distance = (fallback: Distance) =>
  word(fallback, { euclidean: "euclideandistance", cosine: "cosinedistance", manhattan: "manhattandistance" });

/** What is applied to logits before a loss. */
export type Activation = "identity" | "sigmoid";
export const activation = (fallback: Activation) => word(fallback, { identity: "none linear", sigmoid: "" });

/** true or false, with a default. */
export const flagOr =
  (fallback: boolean): Read<boolean> =>
  (what, name, value) =>
    value === undefined ? fallback : flag(what, name, value);

/** An option of sentence-transformers that changes no value here. */
export const unused: Read<undefined> = () => undefined;

/** An option of sentence-transformers of which one value alone is known. */
export function only(allowed: unknown, why: string): Read<undefined> {
  return (what, name, value) => {
    if (value === undefined || value === allowed) return undefined;
    throw unexpected(what, name, `${String(allowed)} (${why})`, value);
  };
}

/** Checks an option for several devices, which may only be false: there is one device. */
export const oneDevice = only(false, "there is one device");

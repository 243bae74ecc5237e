import { unexpected } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import type { Graph } from "../../../graph/graph.js";
import { permutation } from "../../../nn/random.js";
import { stackedRows } from "../../../values/tensor.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { breather } from "../../../waiting/next-task.js";
import { SentenceEncoder } from "../sentence-encoder.js";
import type { MinedExample, MiningSettings, VectorSource } from "./mining-options.js";

/** A text of the corpus, by its place, and its score for a query. */
interface Candidate {
  readonly text: number;
  readonly score: number;
}

/** Queries and texts of one product of matrices. */
const [QUERIES, TEXTS] = [64, 2048];

/** A list or an array of numbers, as far as its form says. */
const isNumbers = (value: unknown): value is ArrayLike<number> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);

/** Copies of vectors, of length 1; zeros stay zeros. Throws `ConfigError` for anything but finite vectors of one width. */
function unitVectors(what: string, given: readonly ArrayLike<number>[], count: number): Float32Array[] {
  const first: unknown = Array.isArray(given) && given.length === count ? given[0] : undefined;
  const width = isNumbers(first) ? first.length : 0;
  if (width === 0) throw unexpected(what, "encoder", `what gives ${count} vectors for as many texts`, given);
  return given.map((vector, place) => {
    const copy = Float64Array.from(isNumbers(vector) ? vector : []);
    const length = Math.sqrt(copy.reduce((total, x) => total + x * x, 0));
    if (copy.length !== width || !Number.isFinite(length)) {
      const message = `${what}: the encoder's vector ${place} is not one of ${width} finite numbers`;
      throw new ConfigError(message, { op: what, option: "encoder", place, expected: width, actual: copy.length });
    }
    return Float32Array.from(copy, (x) => (length === 0 ? 0 : x / length));
  });
}

/**
 * The `count` texts of the largest dot product for each query, best first; of equals the earlier text. Time in proportion to queries times
 * texts, memory to the result.
 *
 * @param graph multiplies the vectors; without one they are multiplied here, which takes longer
 */
async function nearestTexts(
  graph: Graph | undefined,
  queries: readonly Float32Array[],
  texts: readonly Float32Array[],
  count: number,
  signal: AbortSignal | undefined,
): Promise<Candidate[][]> {
  const best: Candidate[][] = queries.map(() => []);
  const breathe = breather(signal);
  for (let text = 0; text < texts.length; text += TEXTS) {
    const part = texts.slice(text, text + TEXTS);
    for (let query = 0; query < queries.length; query += QUERIES) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const rows = queries.slice(query, query + QUERIES);
      const scores = graph === undefined ? plainProducts(rows, part) : graphProducts(graph, rows, part);
      rows.forEach((_, i) => {
        const own = scores.subarray(i * part.length, (i + 1) * part.length);
        best[query + i] = merged(best[query + i]!, own, text, count);
      });
    }
  }
  return best;
}

/** The best of those that were found and of more scores, of texts from `first` on. */
function merged(found: Candidate[], scores: Float32Array, first: number, count: number): Candidate[] {
  const least = found.length < count ? -Infinity : found.at(-1)!.score;
  const better: Candidate[] = [];
  for (let i = 0; i < scores.length; i++) if (scores[i]! > least) better.push({ text: first + i, score: scores[i]! });
  if (better.length === 0) return found;
  // The sort is stable, and earlier texts come first.
  return [...found, ...better].sort((a, b) => b.score - a.score).slice(0, count);
}

function plainProducts(rows: readonly Float32Array[], columns: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(rows.length * columns.length);
  rows.forEach((a, i) => {
    columns.forEach((b, j) => {
      let total = 0;
      for (let d = 0; d < a.length; d++) total += a[d]! * b[d]!;
      result[i * columns.length + j] = total;
    });
  });
  return result;
}

function graphProducts(graph: Graph, rows: readonly Float32Array[], columns: readonly Float32Array[]): Float32Array {
  const matrix = (vectors: readonly Float32Array[]) => graph.constant(stackedRows(vectors));
  return graph.step(() => graph.value(graph.matmul(matrix(rows), matrix(columns), { transposeB: true })).data);
}

/** Texts of a call, and their vectors as the encoder gave them. */
export interface MinedTexts {
  readonly pairs: readonly (readonly [query: string, answer: string])[];
  /** Each text once. */
  readonly corpus: readonly string[];
  /** Each query once. */
  readonly queries: readonly string[];
  readonly documents: readonly ArrayLike<number>[];
  readonly asked: readonly ArrayLike<number>[];
}

/** What `mineHardNegatives` does with the vectors. */
export async function mine(
  what: string,
  encoder: VectorSource,
  texts: MinedTexts,
  settings: MiningSettings,
): Promise<MinedExample[]> {
  const { pairs, corpus, queries } = texts;
  const placeOf = new Map(corpus.map((text, place) => [text, place]));
  const answers = new Map<string, Set<number>>();
  for (const [query, answer] of pairs) {
    const own = answers.get(query) ?? new Set();
    answers.set(query, own.add(placeOf.get(answer)!));
  }
  const documents = unitVectors(what, texts.documents, corpus.length);
  const asked = unitVectors(what, texts.asked, queries.length);
  if (asked[0]!.length !== documents[0]!.length) {
    throw unexpected(what, "encoder", "what gives vectors of one width", [asked[0]!.length, documents[0]!.length]);
  }
  const graph = encoder instanceof SentenceEncoder ? encoder.graph : undefined;
  const count = settings.rangeMax + settings.most;
  const found = await nearestTexts(graph, asked, documents, count, settings.signal);

  const mined: MinedQuery[] = [];
  for (const [place, query] of queries.entries()) {
    throwIfAborted(settings.signal);
    const own = [...answers.get(query)!];
    let positives: Candidate[] = own.map((text) => ({ text, score: dot(asked[place]!, documents[text]!) }));
    let candidates = found[place]!;
    if (settings.crossEncoder !== undefined && hasLimits(settings)) {
      [candidates, positives] = await judged(what, settings, query, corpus, candidates, positives);
    }
    const left = filtered(candidates, positives, settings);
    mined.push({ query, positives, negatives: chosen(left, settings, place, graph) });
  }
  return examplesOf(mined, corpus, settings);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((total, x, i) => total + x * b[i]!, 0);

const hasLimits = ({ absoluteMargin, relativeMargin, maxScore, minScore }: MiningSettings) =>
  [absoluteMargin, relativeMargin, maxScore, minScore].some((limit) => limit !== undefined);

/** Candidates and answers of a query with the cross-encoder's scores. */
async function judged(
  what: string,
  { crossEncoder }: MiningSettings,
  query: string,
  corpus: readonly string[],
  candidates: readonly Candidate[],
  positives: readonly Candidate[],
): Promise<[Candidate[], Candidate[]]> {
  const all = [...candidates, ...positives];
  const pairs = all.map(({ text }): [string, string] => [query, corpus[text]!]);
  const judge = crossEncoder!;
  const scores = await (typeof judge === "function" ? judge(pairs) : judge.predict(pairs));
  if ((scores as ArrayLike<number> | null | undefined)?.length !== all.length) {
    throw unexpected(what, "crossEncoder", `what gives ${all.length} scores for as many pairs`, scores);
  }
  const scored = all.map(({ text }, place) => {
    const given: unknown = scores[place];
    const score: unknown = typeof given === "object" && given !== null ? (given as ArrayLike<number>)[0] : given;
    if (typeof score === "number" && Number.isFinite(score)) return { text, score };
    throw unexpected(what, "crossEncoder", "what gives finite scores", given, undefined, { place });
  });
  return [scored.slice(0, candidates.length), scored.slice(candidates.length)];
}

/** The candidates that the options leave, best first. */
function filtered(candidates: readonly Candidate[], positives: readonly Candidate[], settings: MiningSettings) {
  const { includePositives, absoluteMargin, relativeMargin, maxScore, minScore } = settings;
  const own = new Set(positives.map(({ text }) => text));
  const worst = positives.reduce((least, { score }) => Math.min(least, score), Infinity);
  const left = candidates.filter(({ text, score }) => {
    if (!includePositives && own.has(text)) return false;
    if (absoluteMargin !== undefined && score + absoluteMargin > worst) return false;
    if (relativeMargin !== undefined && score > worst - Math.abs(worst) * relativeMargin) return false;
    if (maxScore !== undefined && score > maxScore) return false;
    return minScore === undefined || score >= minScore;
  });
  // The sort is stable: of equal scores the earlier text of the corpus is first.
  return left.sort((a, b) => b.score - a.score).slice(settings.rangeMin, settings.rangeMax);
}

/** Candidates to keep of those that are left. */
function chosen(left: readonly Candidate[], settings: MiningSettings, query: number, graph: Graph | undefined) {
  const { numNegatives, samplingStrategy, seed } = settings;
  if (samplingStrategy === "top" || left.length <= numNegatives) return left.slice(0, numNegatives);
  const order = permutation(left.length, seed, query, graph?.engine).slice(0, numNegatives).sort();
  return Array.from(order, (place) => left[place]!);
}

/** A query with its answers and the negatives that were found. */
interface MinedQuery {
  readonly query: string;
  readonly positives: readonly Candidate[];
  readonly negatives: readonly Candidate[];
}

/** Examples in the form that the options ask for. */
function examplesOf(
  mined: readonly MinedQuery[],
  corpus: readonly string[],
  { outputFormat, outputScores, numNegatives }: MiningSettings,
): MinedExample[] {
  const textOf = ({ text }: Candidate) => corpus[text]!;
  const scores = (...list: readonly Candidate[]) => (outputScores ? { scores: list.map(({ score }) => score) } : {});
  return mined.flatMap(({ query, positives, negatives }): MinedExample[] => {
    if (outputFormat === "labeled-pair") {
      return [...positives, ...negatives].map((candidate, place) => ({
        texts: [query, textOf(candidate)],
        label: place < positives.length ? 1 : 0,
        ...(outputScores && { score: candidate.score }),
      }));
    }
    return positives.flatMap((positive): MinedExample[] => {
      const pair = { anchor: query, positive: textOf(positive) };
      if (outputFormat === "triplet") {
        return negatives.map((negative) => ({ ...pair, negative: textOf(negative), ...scores(positive, negative) }));
      }
      if (outputFormat === "n-tuple") {
        if (negatives.length < numNegatives) return [];
        return [{ ...pair, negatives: negatives.map(textOf), ...scores(positive, ...negatives) }];
      }
      if (negatives.length === 0) return [];
      const all = [positive, ...negatives];
      const labels = all.map((_, place): 0 | 1 => (place === 0 ? 1 : 0));
      return [{ query, documents: all.map(textOf), labels, ...scores(...all) }];
    });
  });
}

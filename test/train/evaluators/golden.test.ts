import { expect, it } from "vitest";
import {
  binaryMetrics,
  calibration,
  calibrationError,
  multiLabelMetrics,
  readSafetensors,
  rerankingMetrics,
  type RerankingSample,
  retrievalMetrics,
  similarityMetrics,
  tripletMetrics,
} from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";

const FOLDER = "tasks/evaluators";
type Options = Record<string, number>;
type Scores = Record<string, number | null>;

/** Matrices of a file, as rows. */
async function rowsOf(file: string): Promise<(name: string) => number[][]> {
  const tensors = readSafetensors(await goldenBytes(`${FOLDER}/${file}`));
  return (name) => {
    const { shape, data } = tensors.tensor(name);
    const [rows, width] = shape as [number, number];
    return Array.from({ length: rows }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
  };
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((total, x, i) => total + x * b[i]!, 0);
const similarities = {
  cosine: (a: readonly number[], b: readonly number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  dot,
  euclidean: (a: readonly number[], b: readonly number[]) =>
    -Math.sqrt(a.reduce((total, x, i) => total + (x - b[i]!) ** 2, 0)),
  manhattan: (a: readonly number[], b: readonly number[]) => -a.reduce((total, x, i) => total + Math.abs(x - b[i]!), 0),
};
const kinds = Object.keys(similarities) as (keyof typeof similarities)[];
const isDistance = (kind: string) => kind === "euclidean" || kind === "manhattan";
const truncated = (rows: number[][], { truncate_dim }: Options) => rows.map((row) => row.slice(0, truncate_dim));
const near = (actual: number | null | undefined, expected: number | null, tolerance = 1e-12) =>
  expected === null ? expect(actual).toBeNull() : expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(tolerance);

it("retrieval, as InformationRetrievalEvaluator", async () => {
  interface Case {
    readonly vectors: string;
    readonly similarity: keyof typeof similarities;
    readonly options: Record<string, number[]> & { truncate_dim?: number };
    readonly relevant_docs: Record<string, string[]>;
    readonly metrics: Scores;
  }
  const { cases } = await goldenJson<{ cases: Case[] }>(`${FOLDER}/retrieval.json`);
  const rows = await rowsOf("retrieval.safetensors");
  for (const { vectors, similarity, options, relevant_docs: relevant, metrics } of cases) {
    const cut = { truncate_dim: options.truncate_dim! } as Options;
    const [queries, docs] = [truncated(rows(`${vectors}_queries`), cut), truncated(rows(`${vectors}_docs`), cut)];
    const scored = queries.map((query) =>
      docs.map((doc, j) => ({ id: `d${j}`, score: similarities[similarity](query, doc) })),
    );
    const { accuracy_at_k, precision_recall_at_k, ndcg_at_k, mrr_at_k, map_at_k } = options;
    const both = { precision: precision_recall_at_k, recall: precision_recall_at_k };
    const k = { accuracy: accuracy_at_k, ...both, ndcg: ndcg_at_k, mrr: mrr_at_k, map: map_at_k };
    const found = retrievalMetrics(Object.fromEntries(scored.map((list, i) => [`q${i}`, list])), relevant, { k });
    expect(Object.keys(found)).toHaveLength(Object.keys(metrics).length);
    for (const [name, expected] of Object.entries(metrics)) near(found[name.slice(similarity.length + 1)], expected);
  }
});

it("pairs: correlations, thresholds and triplets, as the evaluators of sentence-transformers", async () => {
  interface Case {
    readonly options: Options & { precision?: string; margin?: number | Record<string, number> };
    readonly gold?: number[];
    readonly metrics: Scores;
  }
  interface Threshold extends Record<string, unknown> {
    readonly scores: number[];
    readonly labels: number[];
    readonly high_is_similar: boolean;
  }
  const golden = await goldenJson<{
    gold: number[];
    labels: number[];
    similarity: Case[];
    binary: Case[];
    triplet: Case[];
    threshold_cases: Threshold[];
  }>(`${FOLDER}/pairs.json`);
  const rows = await rowsOf("pairs.safetensors");
  const scoresOf = (options: Options, b: string, kind: keyof typeof similarities) => {
    const others = truncated(rows(b), options);
    return truncated(rows("sentences1"), options).map((row, i) => similarities[kind](row, others[i]!));
  };

  // Vectors that are quantised are another matter.
  for (const { options, gold = golden.gold, metrics } of golden.similarity.filter((each) => !each.options.precision)) {
    for (const kind of kinds.filter((each) => `pearson_${each}` in metrics)) {
      const { pearson, spearman } = similarityMetrics(scoresOf(options, "sentences2", kind), gold);
      // Theirs are of scores in float32.
      near(pearson, metrics[`pearson_${kind}`]!, 2e-8);
      near(spearman, metrics[`spearman_${kind}`]!);
    }
  }
  const names = { accuracyThreshold: "accuracy_threshold", f1Threshold: "f1_threshold" } as const;
  const same = ["accuracy", "f1", "precision", "recall", "ap"] as const;
  for (const { options, metrics } of golden.binary) {
    for (const kind of kinds) {
      const sign = isDistance(kind) ? -1 : 1;
      const scores = scoresOf(options, "sentences2", kind).map((score) => sign * score);
      const found = binaryMetrics(scores, golden.labels, { higherIsSimilar: sign === 1 });
      for (const name of [...same, "mcc"] as const) near(found[name], metrics[`${kind}_${name}`]!);
      for (const [own, theirs] of Object.entries(names))
        near(found[own as keyof typeof names], metrics[`${kind}_${theirs}`]!, 2e-6);
    }
  }
  for (const each of golden.threshold_cases) {
    const found = binaryMetrics(each.scores, each.labels, { higherIsSimilar: each.high_is_similar });
    for (const name of same) near(found[name], each[name] as number);
    for (const [own, theirs] of Object.entries(names)) near(found[own as keyof typeof names], each[theirs] as number);
  }
  for (const { options, metrics } of golden.triplet) {
    for (const kind of kinds) {
      const margin = typeof options.margin === "object" ? (options.margin as Scores)[kind] : options.margin;
      const sign = isDistance(kind) ? -1 : 1;
      const [positives, negatives] = (["positives", "negatives"] as const).map((b) =>
        truncated(rows(b), options).map(
          (row, i) => sign * similarities[kind](truncated(rows("sentences1"), options)[i]!, row),
        ),
      ) as [number[], number[]];
      const n = positives.length;
      expect(n).toBeGreaterThan(10);
      const { accuracy } = tripletMetrics(positives, negatives, {
        higherIsSimilar: sign === 1,
        ...(typeof margin === "number" && { margin }),
      });
      // Theirs is a mean in float32.
      near(accuracy, Math.round(metrics[`${kind}_accuracy`]! * n) / n);
    }
  }
});

it("reranking, as the evaluators of encoders and of cross-encoders", async () => {
  interface Sample {
    readonly query: string;
    readonly positive: string[];
    readonly negative?: string[];
    readonly documents?: string[];
  }
  const golden = await goldenJson<{
    samples: Sample[];
    documents: Sample[];
    names: string[];
    scores: [string, string, number][];
    bi_encoder: { options: Options; metrics: Scores }[];
    cross_encoder: { options: Options & { always_rerank_positives?: boolean }; samples: string; metrics: Scores }[];
  }>(`${FOLDER}/reranking.json`);
  const vectors = (await rowsOf("reranking.safetensors"))("vectors");
  const vectorOf = (name: string) => vectors[golden.names.indexOf(name)]!;
  const scored = golden.samples.map(({ query, positive, negative = [] }): RerankingSample => {
    const names = [...positive, ...negative];
    return { positive, negative, scores: names.map((name) => similarities.cosine(vectorOf(query), vectorOf(name))) };
  });
  for (const { options, metrics } of golden.bi_encoder) {
    const found = rerankingMetrics(scored, { k: options.at_k! });
    expect(Object.keys(found).sort()).toEqual(Object.keys(metrics).sort());
    for (const [name, expected] of Object.entries(metrics)) near(found[name], expected);
  }
  const judged = new Map<string, Map<string, number>>();
  for (const [query, name, score] of golden.scores)
    judged.set(query, (judged.get(query) ?? new Map<string, number>()).set(name, score));
  for (const { options, samples, metrics } of golden.cross_encoder) {
    const given = golden[samples === "documents" ? "documents" : "samples"];
    const all = given.map((sample) => ({ ...sample, scores: judged.get(sample.query)! }));
    const always = options.always_rerank_positives;
    const found = rerankingMetrics(all, {
      k: options.at_k!,
      ...(always !== undefined && { alwaysRerankPositives: always }),
    });
    expect(Object.keys(found).sort()).toEqual(Object.keys(metrics).sort());
    for (const [name, expected] of Object.entries(metrics)) near(found[name], expected);
  }
});

it("several labels, as scikit-learn", async () => {
  interface Golden {
    readonly true: number[][];
    readonly probabilities: number[][];
    readonly threshold: number;
    readonly metrics: Record<string, number | number[]>;
    readonly samples_f1_zero_division_1: number;
  }
  const { multi_label: golden } = await goldenJson<{ multi_label: Golden }>(`${FOLDER}/classification.json`);
  const { probabilities, threshold, metrics } = golden;
  const found = multiLabelMetrics(probabilities, golden.true, { threshold });
  const nameOf = (theirs: string) =>
    theirs
      .replace("_of_classes_with_positives", "_of_labels_with_texts")
      .replace("_none", "_per_label")
      .replace(/_(.)/g, (_, c: string) => c.toUpperCase());
  expect(Object.keys(metrics).map(nameOf).sort()).toEqual(Object.keys(found).sort());
  for (const [theirs, expected] of Object.entries(metrics)) {
    const own = found[nameOf(theirs) as keyof typeof found];
    [expected].flat().forEach((value, i) => near([own].flat()[i], value));
  }
  near(multiLabelMetrics(probabilities, golden.true, { zeroDivision: 1 }).f1Samples, golden.samples_f1_zero_division_1);
});

it("calibration: errors of probabilities, and the temperature of the least loss", async () => {
  type Bin = [number, number | null, number | null];
  type Measured = Scores & { bins_10: Bin[] };
  const golden = await goldenJson<{
    cases: { logits: number[][]; labels: number[]; temperature: number; before: Measured; after: Measured }[];
    edges: { probabilities: number[][]; labels: number[]; ece_10: number; bins_10: Bin[] }[];
  }>(`${FOLDER}/calibration.json`);
  for (const { logits, labels, temperature, ...expected } of golden.cases) {
    for (const bins of [10, 15]) {
      const found = calibration(logits, labels, { bins });
      // Theirs ended where the slope of the loss was 1e-8.
      near(found.temperature, temperature, 5e-8);
      for (const [when, tolerance] of [
        ["before", 1e-12],
        ["after", 5e-9],
      ] as const) {
        const [own, theirs] = [found[when], expected[when]];
        near(own.nll, theirs["nll"]!);
        near(own.accuracy, theirs["accuracy"]!);
        near(own.brier, theirs["brier"]!, tolerance);
        near(own.ece, theirs[`ece_${bins}`]!, tolerance);
        if (bins === 15) continue;
        theirs.bins_10.forEach(([count, accuracy, confidence], i) => {
          expect(own.bins[i]!.count).toBe(count);
          near(own.bins[i]!.accuracy, accuracy);
          near(own.bins[i]!.confidence, confidence, tolerance);
        });
      }
    }
  }
  for (const { probabilities, labels, ece_10, bins_10 } of golden.edges) {
    const found = calibrationError(probabilities, labels);
    near(found.ece, ece_10);
    bins_10.forEach(([count, accuracy, confidence], i) => {
      expect(found.bins[i]!.count).toBe(count);
      near(found.bins[i]!.accuracy, accuracy);
      near(found.bins[i]!.confidence, confidence);
    });
  }
});

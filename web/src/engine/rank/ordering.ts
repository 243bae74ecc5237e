import { effect } from "@preact/signals";
import { CrossEncoder, type RemoteCrossEncoder } from "lowrank/worker";
import { recovering, sharedEncoder } from "../classify.js";
import { findModel } from "../model.js";
import { type RankRun, rankRun } from "./training.js";

/** A text in the order of its scores, the best first. */
export interface Placed {
  readonly text: string;
  readonly score: number;
}

/** Texts in the order of their scores for a question. */
export interface Ordered {
  readonly question: string;
  /** By the similarity of vectors, without training. */
  readonly base: readonly Placed[];
  /** By the reranker; null without one. */
  readonly trained: readonly Placed[] | null;
}

/** The reranker that is loaded, by its run. */
let loaded: { readonly id: string; readonly reranker: Promise<RemoteCrossEncoder> } | null = null;

/** The reranker of a run. */
async function rerankerOf({ id, files }: RankRun): Promise<RemoteCrossEncoder> {
  if (loaded?.id !== id) {
    free();
    loaded = { id, reranker: findModel().then((model) => CrossEncoder.load(files!, { model })) };
  }
  return loaded.reranker;
}

/** Frees the memory of the reranker that is loaded. */
function free(): void {
  const before = loaded;
  loaded = null;
  before?.reranker.then((reranker) => reranker.dispose()).catch(() => undefined);
}

// Its run was deleted, or another training has begun.
effect(() => {
  const id = rankRun.value?.id;
  if (loaded !== null && loaded.id !== id) free();
});

async function byVectors(question: string, texts: readonly string[]): Promise<Placed[]> {
  const encoder = await sharedEncoder();
  const [asked, ...vectors] = await encoder.encode([question, ...texts], { normalize: true, adapter: null });
  const cosine = (vector: Float32Array) => vector.reduce((sum, value, i) => sum + value * asked![i]!, 0);
  return texts.map((text, i) => ({ text, score: cosine(vectors[i]!) })).sort((a, b) => b.score - a.score);
}

/** Orders texts by how well they fit a question. */
export async function orderTexts(question: string, texts: readonly string[]): Promise<Ordered> {
  const base = await recovering(() => byVectors(question, texts));
  const run = rankRun.value;
  if (run?.status !== "finished" || run.files === null) return { question, base, trained: null };
  const trained = await recovering(async () => {
    try {
      return await (await rerankerOf(run)).rank(question, texts);
    } catch (error) {
      // It may have been lost with its worker, or its run deleted.
      free();
      throw error;
    }
  });
  return { question, base, trained };
}

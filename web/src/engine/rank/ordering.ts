import { effect } from "@preact/signals";
import type { RemoteCrossEncoder } from "lowrank/worker";
import { recovering, sharedEncoder } from "../classify.js";
import { client } from "../client.js";
import { type EncoderId, encoderNamed } from "../encoders.js";
import { findModel } from "../model.js";
import { encoder } from "./encoder.js";
import type { SavedFiles } from "../stores.js";
import { type RankRun, rankRun } from "./training.js";

/** A text in the order of its scores, the best first. */
export interface Placed {
  readonly text: string;
  readonly score: number;
}

/** Texts in the order of their scores for a question. */
export interface Ordered {
  readonly question: string;
  /** Order by the similarity of vectors, without training. */
  readonly base: readonly Placed[];
  /** Order by the reranker; null without one. */
  readonly trained: readonly Placed[] | null;
}

/** The reranker that is loaded, by its run. */
let loaded: { readonly id: string; readonly reranker: Promise<RemoteCrossEncoder> } | null = null;

const loadReranker = async (files: SavedFiles, encoder: EncoderId) =>
  (await client()).CrossEncoder.load(files, { model: await findModel({ encoder }) });

/** The reranker of a run. */
async function rerankerOf({ id, files, spec }: RankRun): Promise<RemoteCrossEncoder> {
  if (loaded?.id !== id) {
    free();
    loaded = { id, reranker: loadReranker(files!, encoderNamed(spec.model)) };
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

async function byVectors(question: string, texts: readonly string[], id: EncoderId): Promise<Placed[]> {
  const [asked, ...vectors] = await (
    await sharedEncoder(id)
  ).encode([question, ...texts], { normalize: true, adapter: null });
  const cosine = (vector: Float32Array) => vector.reduce((sum, value, i) => sum + value * asked![i]!, 0);
  return texts.map((text, i) => ({ text, score: cosine(vectors[i]!) })).sort((a, b) => b.score - a.score);
}

/** Orders texts by how well they fit a question. */
export async function orderTexts(question: string, texts: readonly string[]): Promise<Ordered> {
  const run = rankRun.value;
  const isTrained = run?.status === "finished" && run.files !== null;
  // What training changes is seen beside the same model.
  const on = isTrained ? encoderNamed(run.spec.model) : encoder.value;
  const base = await recovering(() => byVectors(question, texts, on));
  if (!isTrained) return { question, base, trained: null };
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

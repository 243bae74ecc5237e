import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { MeasureEvents } from "../../training/task-definition.js";
import type { CrossEncoder } from "../cross/cross-encoder.js";
import type { RankedRow } from "./read-ranked.js";

type Rows = readonly Pick<RankedRow, "text" | "texts">[];

/** Progress in pairs as progress in rows. */
export function withEvents({ signal, onProgress }: MeasureEvents, rows: Rows): MeasureEvents {
  const pairs = rows.reduce((sum, { texts }) => sum + texts.length, 0);
  return { signal, onProgress: (done) => onProgress?.(Math.floor((done / pairs) * rows.length)) };
}

/** The logits of each text of each row, `[labels]` each. */
export async function logitsOf(
  cross: CrossEncoder<number | number[]>,
  rows: Rows,
  { signal, onProgress }: MeasureEvents,
) {
  const pairs = rows.flatMap(({ text, texts }) => texts.map((other): [string, string] => [text, other]));
  const events = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const logits = await cross.logits(pairs, events);
  let at = 0;
  return rows.map(({ texts }) => texts.map(() => logits[at++]!));
}

/** The score of each text of each row: its only logit. */
export const scoresIn = (logits: readonly (readonly Float32Array[])[]): number[][] =>
  logits.map((row) => row.map(([score]) => score!));

/** The cosine of query and text by the vectors of the encoder alone, for each text of each row. */
export async function cosinesOf(encoder: SentenceEncoder, rows: Rows, { signal, onProgress }: MeasureEvents) {
  const { graph, tokenizer } = encoder;
  const texts = [...new Set(rows.flatMap((row) => [row.text, ...row.texts]))];
  const ids = tokenized(tokenizer, texts);
  const share = (done: number) => onProgress?.(Math.floor((done / texts.length) * rows.length));
  const finish = rowsOf(graph, (pooled) => graph.normalize(pooled));
  const vectors = await inferTexts(encoder, ids, null, finish, { signal, onProgress: share });
  const places = new Map(texts.map((text, i) => [text, vectors[i]!]));
  return rows.map((row) => {
    const query = places.get(row.text)!;
    return row.texts.map((text) => places.get(text)!.reduce((dot, x, i) => dot + x * query[i]!, 0));
  });
}

import type { AdapterChoice } from "../../adapters/adapter-set.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { InferOptions } from "../../models/sentence/infer-options.js";
import { type InferenceEvents, inferTexts, type ReadRows } from "../../models/sentence/inference.js";
import type { TokensInText } from "../../tokenize/text-tokenizer.js";
import { inSteps } from "../../waiting/next-task.js";
import type { TokenParts } from "./token-parts.js";
import type { TokenScores } from "./token-spans.js";

/** What computing the scores of a token classifier needs. */
export type Asked = Omit<InferOptions, "adapters">;

/** Computes the vectors of all tokens of texts, `[tokens, hidden]`, the last layer's input; other tasks need one vector of each text. */
export function inferTokens(
  { encoder: { graph, model, adapterSet }, head }: Pick<TokenParts, "encoder" | "head">,
  texts: Iterable<Int32Array | null>,
  adapter: AdapterChoice,
  read: ReadRows,
  events: InferenceEvents,
): Promise<Float32Array[]> {
  const pool = (_: Graph, hidden: NodeId, __: Int32Array, ___: number | undefined, selection?: AdapterSelection) =>
    head.before(hidden, selection ?? []);
  return inferTexts({ graph, model, adapterSet, pooling: { pool } }, texts, adapter, read, events);
}

/** Tokens of each text and their logits, with adapter and head as they are at the call. */
export function scoresOf(
  parts: TokenParts,
  texts: readonly string[],
  adapter: AdapterChoice,
  events: InferenceEvents,
): Promise<TokenScores[]> {
  const tokens = inSteps(texts, (text) => parts.tokenizer.offsetSteps(text));
  return scoresOfTokens(parts, tokens, adapter, events);
}

/** Scores of texts whose tokens are known, or are read batch by batch. */
export async function scoresOfTokens(
  { encoder, head, labels }: Pick<TokenParts, "encoder" | "head" | "labels">,
  texts: Iterable<TokensInText | null>,
  adapter: AdapterChoice,
  events: InferenceEvents,
): Promise<TokenScores[]> {
  const { graph } = encoder;
  const tokens: TokensInText[] = [];
  function* ids() {
    for (const text of texts) {
      if (text !== null) tokens.push(text);
      yield text && text.ids;
    }
  }
  const logitsOf = head.out.snapshot();
  const read = async (hidden: NodeId, first: number, count: number) => {
    const { data } = await graph.read(logitsOf(hidden));
    let at = 0;
    return tokens.slice(first, first + count).map(({ ids }) => {
      const own = data.slice(at, at + ids.length * labels.length);
      at += own.length;
      return own;
    });
  };
  const rows = await inferTokens({ encoder, head }, ids(), adapter, read, events);
  return rows.map((logits, i) => ({ ...tokens[i]!, logits }));
}

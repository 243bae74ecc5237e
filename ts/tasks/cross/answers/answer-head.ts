import type { Graph, NodeId } from "../../../graph/graph.js";
import { Pooling } from "../../../models/sentence/pooling.js";
import type { PairTokenizer } from "../../../tokenize/pair-tokens.js";

/** What a language model's answers to pairs are, in its files. */
export interface AnswerSettings {
  /** Ids of the tokens whose logits' difference is the score: "yes" and "no". Without the second, the first one's logit is. */
  readonly yes: number;
  readonly no: number | null;
  /** The chat template that writes a pair. */
  readonly template: string;
  /** The instruction in it; null for the template's own. */
  readonly prompt: string | null;
}

/**
 * The score of a language model that was trained to answer "yes" or "no" after two texts: the logit of the one token minus that of the
 * other, at the last token. The two rows of the model's output layer are frozen, so only an adapter is trained.
 */
export class AnswerHead {
  readonly labels = 1;
  private readonly weight: NodeId;

  /** @param weight `[hidden]`: the difference of the rows */
  constructor(
    private readonly graph: Graph,
    weight: Float32Array,
    readonly answers: AnswerSettings,
    /** Turns pairs into tokens. */
    readonly pairs: Pick<PairTokenizer, "encode" | "encodeSteps">,
  ) {
    this.weight = graph.constant({ shape: [1, weight.length, 1], data: weight });
  }

  readonly pooling = new Pooling(["lasttoken"]);

  /** Scores `[pairs, 1]` of vectors `[pairs, hidden]`, each by its own product. */
  readonly logits = (vectors: NodeId): NodeId => {
    const { graph, weight } = this;
    const [pairs, hidden] = graph.shape(vectors) as [number, number];
    return graph.reshape(graph.matmul(graph.reshape(vectors, [pairs, 1, hidden]), weight), [pairs, 1]);
  };

  snapshot() {
    return { pooling: this.pooling, logits: this.logits };
  }

  params(): NodeId[] {
    return [];
  }

  all(): NodeId[] {
    return [this.weight];
  }
}

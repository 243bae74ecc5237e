import { pairBatch } from "../../models/ragged-batch.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { CrossEncoder } from "../../tasks/cross/cross-encoder.js";
import type { TextClassifier } from "../../tasks/classify/text-classifier.js";
import type { PairTokens } from "../../tokenize/pair-tokens.js";
import type { Finish } from "../forward-pass.js";
import { WaitingTexts } from "../waiting-texts.js";

/** Runs what needs memory, again once some was freed. */
export type WithRoom = <T>(work: () => T) => T;

/** A cross-encoder's texts that wait, and its head as it was at the first request. */
export interface PairQueue {
  readonly texts: WaitingTexts<PairTokens>;
  readonly finish: Finish;
}

type AnyClassifier = TextClassifier | TextClassifier<string, true>;
type AnyCross = CrossEncoder<number | number[]>;

/** Texts that wait, by the encoder that they go through. */
export class TextQueues {
  private readonly encoders = new Map<SentenceEncoder, WaitingTexts>();
  private readonly pairs = new Map<AnyCross, PairQueue>();
  private readonly heads = new Map<AnyClassifier, Finish>();

  /** @param most maximum number of texts that wait for a model */
  constructor(
    private readonly most: number,
    private readonly withRoom: WithRoom,
  ) {}

  /** Number of texts that wait. */
  get count(): number {
    const all = [...this.encoders.values(), ...[...this.pairs.values()].map(({ texts }) => texts)];
    return all.reduce((sum, { count }) => sum + count, 0);
  }

  /** The queue of an encoder, and of all classifiers on it. */
  of(encoder: SentenceEncoder): WaitingTexts {
    return found(this.encoders, encoder, () => new WaitingTexts(encoder, this.most, this.withRoom));
  }

  /** The queue of a cross-encoder. */
  ofPairs(cross: AnyCross): PairQueue {
    return found(this.pairs, cross, () => {
      const { pooling, logits } = cross.head.snapshot();
      const { graph, model, adapterSet } = cross.encoder;
      const parts = { graph, model, adapterSet, pooling, batchOf: pairBatch };
      return { texts: new WaitingTexts<PairTokens>(parts, this.most, this.withRoom), finish: logits };
    });
  }

  /** A classifier's head as it was at the first request: texts that share it are computed together. */
  logits(classifier: AnyClassifier): Finish {
    return found(this.heads, classifier, () => classifier.head.snapshot());
  }
}

/** The value of a key, made when it is first asked for. */
function found<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

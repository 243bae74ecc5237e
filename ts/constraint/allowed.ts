import { type Automaton, type Position, Steps } from "./automaton.js";
import { type Pieces, PieceWork } from "./pieces.js";
import type { TokenTree } from "./token-tree.js";

/** Tokens that may follow a position: few as ids, ascending; many as bit `id % 32` of word `id / 32`. */
export interface Allowed {
  readonly ids: Int32Array | null;
  readonly words: Int32Array;
  readonly count: number;
}

/** Bytes of sets in memory: beyond, they are forgotten. */
const MOST_BYTES = 32 * 2 ** 20;
/** Nodes of the tree that take as long as a step of the automaton. */
const NODES_A_STEP = 20;
const NO_WORDS = new Int32Array();

/** Sets of tokens that may follow positions of an automaton; each is computed once. */
export class AllowedTokens {
  private readonly known = new Map<Position, PieceWork<Allowed>>();
  private bytes = 0;
  private generation = -1;

  constructor(
    private readonly automaton: Automaton,
    private readonly tree: TokenTree,
  ) {}

  /** Tokens that may follow a position. */
  after(position: Position): PieceWork<Allowed> {
    const { automaton, tree, known } = this;
    const alike = automaton.similar(position, tree.longest);
    // Where positions were forgotten, others took their place.
    if (this.generation !== automaton.generation || this.bytes > MOST_BYTES) {
      known.clear();
      this.bytes = 0;
    }
    this.generation = automaton.generation;
    let allowed = known.get(alike);
    if (allowed === undefined) known.set(alike, (allowed = new PieceWork(this.search(alike))));
    return allowed;
  }

  /** Goes down the tree as far as the automaton goes with it. */
  private *search(position: Position): Pieces<Allowed> {
    const { automaton } = this;
    const { bytes, depths, after, first, tokens, vocabularySize } = this.tree;
    const [path, words, steps] = [[position], new Int32Array(Math.ceil(vocabularySize / 32)), new Steps()];
    let count = 0;
    for (let node = 0; node < bytes.length;) {
      if (steps.meter.add(1 / NODES_A_STEP)) yield;
      const [before, byte] = [path[depths[node]!]!, bytes[node]!];
      let next = automaton.known(before, byte);
      if (next === undefined) next = yield* automaton.follow(before, byte, steps);
      if (next === null) {
        node = after[node]!;
        continue;
      }
      path[depths[node]! + 1] = next;
      for (let i = first[node]!; i < first[node + 1]!; i++) {
        words[tokens[i]! >> 5]! |= 1 << (tokens[i]! & 31);
        count++;
      }
      node++;
    }
    const ids = count < words.length ? idsIn(words, count) : null;
    this.bytes += (ids ?? words).byteLength;
    return { ids, words: ids === null ? words : NO_WORDS, count };
  }
}

/** Ids, ascending. */
export const idsOf = ({ ids, words, count }: Allowed): Int32Array => ids ?? idsIn(words, count);

function idsIn(words: Int32Array, count: number): Int32Array {
  const ids = new Int32Array(count);
  let found = 0;
  for (const [place, word] of words.entries())
    for (let bit = 0; word !== 0 && bit < 32; bit++) if (((word >>> bit) & 1) === 1) ids[found++] = place * 32 + bit;
  return ids;
}

/**
 * Sets the logits of all other tokens to minus infinity; returns whether another is left. NaN stays: it says that weights are damaged.
 */
export function keepAllowed(logits: Float32Array, { ids, words }: Allowed): boolean {
  let [isLeft, next] = [false, 0];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    const isAllowed = ids === null ? ((words[id >> 5]! >>> (id & 31)) & 1) === 1 : ids[next] === id;
    if (isAllowed) {
      isLeft ||= logit !== -Infinity;
      next++;
    } else if (!Number.isNaN(logit)) logits[id] = -Infinity;
  }
  return isLeft;
}

import type { Automaton, Position } from "./automaton.js";
import type { TokenTree } from "./token-tree.js";

/** Tokens that may follow a position: bit `id % 32` of word `id / 32`. */
export interface Allowed {
  readonly words: Int32Array;
  readonly count: number;
}

/** Bytes of sets in memory: beyond, they are forgotten. */
const MOST_BYTES = 32 * 2 ** 20;

/** Sets of tokens that may follow positions of an automaton; each is computed once. */
export class AllowedTokens {
  private readonly known = new Map<Position, Allowed>();
  private generation = -1;

  constructor(
    private readonly automaton: Automaton,
    private readonly tree: TokenTree,
  ) {}

  /** Tokens that may follow a position. */
  after(position: Position): Allowed {
    const { automaton, tree, known } = this;
    const alike = automaton.similar(position, tree.longest);
    const words = Math.ceil(tree.vocabularySize / 32);
    if (this.generation !== automaton.generation || known.size * words * 4 > MOST_BYTES) known.clear();
    this.generation = automaton.generation;
    let allowed = known.get(alike);
    if (allowed === undefined) known.set(alike, (allowed = search(automaton, tree, alike, new Int32Array(words))));
    return allowed;
  }
}

/** Goes down the tree as far as the automaton goes with it. */
function search(automaton: Automaton, tree: TokenTree, position: Position, words: Int32Array): Allowed {
  const { bytes, depths, after, first, tokens } = tree;
  const path = [position];
  let count = 0;
  for (let node = 0; node < bytes.length;) {
    const depth = depths[node]!;
    const next = automaton.step(path[depth]!, bytes[node]!);
    if (next === null) {
      node = after[node]!;
      continue;
    }
    path[depth + 1] = next;
    for (let i = first[node]!; i < first[node + 1]!; i++) {
      words[tokens[i]! >> 5]! |= 1 << (tokens[i]! & 31);
      count++;
    }
    node++;
  }
  return { words, count };
}

/**
 * Sets the logits of all other tokens to minus infinity; returns whether another is left. NaN stays: it says that weights are damaged.
 */
export function keepAllowed(logits: Float32Array, { words }: Allowed): boolean {
  let isLeft = false;
  for (let place = 0; place < words.length; place++) {
    const word = words[place]!;
    if (word === -1 && isLeft) continue;
    const end = Math.min(logits.length, place * 32 + 32);
    for (let id = place * 32; id < end; id++) {
      const logit = logits[id]!;
      if (((word >>> (id & 31)) & 1) === 1) isLeft ||= logit !== -Infinity;
      else if (!Number.isNaN(logit)) logits[id] = -Infinity;
    }
  }
  return isLeft;
}

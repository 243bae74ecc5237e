import type { Automaton, Position } from "./automaton.js";
import type { TokenTree } from "./token-tree.js";

/** Tokens that may follow a position: few as ids, ascending; many as bit `id % 32` of word `id / 32`. */
export interface Allowed {
  readonly ids: Int32Array | null;
  readonly words: Int32Array;
  readonly count: number;
}

/** Bytes of sets in memory: beyond, they are forgotten. */
const MOST_BYTES = 32 * 2 ** 20;
const NO_WORDS = new Int32Array();

/** Sets of tokens that may follow positions of an automaton; each is computed once. */
export class AllowedTokens {
  private readonly known = new Map<Position, Allowed>();
  private bytes = 0;
  private generation = -1;
  private readonly words: Int32Array;

  constructor(
    private readonly automaton: Automaton,
    private readonly tree: TokenTree,
  ) {
    this.words = new Int32Array(Math.ceil(tree.vocabularySize / 32));
  }

  /** Tokens that may follow a position. */
  after(position: Position): Allowed {
    const { automaton, tree, known } = this;
    const alike = automaton.similar(position, tree.longest);
    const before = known.get(alike);
    if (before !== undefined && this.generation === automaton.generation) return before;
    const allowed = this.search(alike);
    // Where positions were forgotten, others took their place.
    if (this.generation !== automaton.generation || this.bytes > MOST_BYTES) {
      known.clear();
      this.bytes = 0;
    }
    this.generation = automaton.generation;
    this.bytes += allowed.words.byteLength + (allowed.ids?.byteLength ?? 0);
    known.set(alike, allowed);
    return allowed;
  }

  /** Goes down the tree as far as the automaton goes with it. */
  private search(position: Position): Allowed {
    const { automaton, words } = this;
    const { bytes, depths, after, first, tokens } = this.tree;
    const path = [position];
    words.fill(0);
    automaton.begin();
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
    const isSmall = count < words.length;
    return isSmall ? { ids: idsIn(words, count), words: NO_WORDS, count } : { ids: null, words: words.slice(), count };
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

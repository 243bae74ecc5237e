import type { JsonObject } from "../checks.js";
import type { WordModel } from "../subword-tokenizer.js";
import { byteFallback } from "./byte-fallback.js";

/** Words that are remembered with their pieces, and the longest of them, in UTF-16 units. */
const REMEMBERED = 10_000;
const LONGEST_REMEMBERED = 256;

/** Characters of a word that are merged at once. */
const LONG_WORD = 2048;

const textOr = (value: unknown) => (typeof value === "string" ? value : "");

/**
 * Byte-pair encoding (Sennrich et al., arXiv 1508.07909), as in the Rust tokenizers: of all neighbouring pairs with a merge, the pair with
 * the earliest merge is joined first, the leftmost of several, until none is left. Takes n·log n time in a word's characters. The
 * JavaScript library takes about fifty times as long for a long word and for building its table, and does not support a prefix of
 * continuing pieces.
 *
 * @param model from a checked tokenizer.json
 * @param ids of the vocabulary's pieces
 */
export function bytePairs(model: JsonObject, ids: Pick<ReadonlyMap<string, number>, "has" | "keys">): WordModel {
  const [prefix, suffix] = [textOr(model["continuing_subword_prefix"]), textOr(model["end_of_word_suffix"])];
  const table = new MergeTable(model["merges"] as readonly (string | readonly [string, string])[], prefix);
  const unknown = typeof model["unk_token"] === "string" ? model["unk_token"] : null;
  const fuses = model["fuse_unk"] === true;
  const bytesOf = byteFallback(model, ids);
  const isWhole = (word: string) => model["ignore_merges"] === true && ids.has(word);

  /**
   * The initial pieces of a word's characters: those of the vocabulary, bytes, and the unknown token. `spelling` says what came before, and
   * whether the word ends.
   */
  const piecesOf = (characters: readonly string[], spelling: Spelling): string[] => {
    const pieces: string[] = [];
    for (const [i, character] of characters.entries()) {
      const isLast = spelling.ends && i === characters.length - 1;
      const piece = (i > 0 || spelling.began ? prefix : "") + character + (isLast ? suffix : "");
      if (ids.has(piece)) {
        if (spelling.isUnknown) pieces.push(unknown!);
        spelling.isUnknown = false;
        pieces.push(piece);
        continue;
      }
      const bytes = bytesOf(piece);
      for (const byte of bytes) pieces.push(byte);
      if (bytes.length > 0 || unknown === null) continue;
      // An unknown character comes before the next known one; as in Rust, after bytes between them.
      if (spelling.isUnknown && !fuses) pieces.push(unknown);
      spelling.isUnknown = true;
    }
    if (characters.length > 0) spelling.began = true;
    if (spelling.ends && spelling.isUnknown) pieces.push(unknown!);
    return pieces;
  };
  const spelled = (word: string) => piecesOf(Array.from(word), { began: false, ends: true, isUnknown: false });
  const split = (word: string): readonly string[] => (isWhole(word) ? [word] : table.merge(spelled(word)));

  const known = new Map<string, readonly string[]>();
  const splitAll = (words: readonly string[]) =>
    words.flatMap((word) => {
      if (word.length > LONGEST_REMEMBERED) return split(word);
      let pieces = known.get(word);
      if (pieces === undefined) {
        pieces = split(word);
        if (known.size >= REMEMBERED) known.clear();
        known.set(word, pieces);
      }
      return pieces;
    });

  /** Length of a word that cannot be in the vocabulary, and is worth merging in parts. */
  let tooLong = 0;
  const long = () => {
    tooLong ||= model["ignore_merges"] === true ? longestOf(ids.keys(), LONG_WORD) : LONG_WORD;
    const spelling: Spelling = { began: false, ends: false, isUnknown: false };
    let text = "";
    let pieces: string[] = [];
    let enough = LONG_WORD;
    return (part: string, ends: boolean): readonly string[] => {
      text += part;
      if (ends && !spelling.began && text.length <= tooLong) return split(text);
      if (!ends && text.length <= tooLong) return [];
      const characters = Array.from(text);
      // The last one of a word is spelled in its own way.
      text = ends ? "" : characters.pop()!;
      spelling.ends = ends;
      for (const piece of piecesOf(characters, spelling)) pieces.push(piece);
      if (ends) return table.merge(pieces);
      if (pieces.length < enough) return [];
      const { tokens, count } = table.mergeBeginning(pieces);
      pieces = pieces.slice(count);
      enough = 2 * pieces.length + LONG_WORD;
      return tokens;
    };
  };
  return { split: splitAll, long };
}

/** How a word that comes in parts is spelled. */
interface Spelling {
  /** Whether there were characters before. */
  began: boolean;
  /** Whether the word ends with these characters. */
  ends: boolean;
  /** Whether the last character was unknown. */
  isUnknown: boolean;
}

function longestOf(pieces: Iterable<string>, least: number): number {
  for (const piece of pieces) least = Math.max(least, piece.length);
  return least;
}

/** Numbers, of which the least comes out first. */
class NumberHeap {
  private readonly items: number[] = [];

  push(item: number): void {
    const { items } = this;
    let place = items.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (items[parent]! <= item) break;
      items[place] = items[parent]!;
      place = parent;
    }
    items[place] = item;
  }

  /** Removes the smallest; undefined if the heap is empty. */
  pop(): number | undefined {
    const { items } = this;
    const least = items[0];
    const item = items.pop();
    if (item === undefined || items.length === 0) return least;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= item) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = item;
    return least;
  }
}

/** The merges of a byte-pair encoding by their two pieces. */
class MergeTable {
  /** Pieces of merges by number, in the order in which they come. */
  private readonly pieces: string[] = [];
  private readonly numbers = new Map<string, number>();
  /** Where the merges of each left piece begin in what follows, which is sorted by left and then by right piece. */
  private readonly starts: Int32Array;
  private readonly rights: Int32Array;
  private readonly ranks: Int32Array;
  /** The result of each merge, by rank. */
  private readonly made: Int32Array;

  /**
   * @param merges two pieces each, or both in one text with a space between; of a duplicate pair the last counts
   * @param prefix of continuing pieces, which a merge removes from the right piece
   */
  constructor(
    merges: readonly (string | readonly [string, string])[],
    private readonly prefix: string,
  ) {
    const count = merges.length;
    const [left, right] = [new Int32Array(count), new Int32Array(count)];
    this.made = new Int32Array(count);
    for (let rank = 0; rank < count; rank++) {
      const merge = merges[rank]!;
      const space = typeof merge === "string" ? merge.indexOf(" ") : 0;
      const [first, second] = typeof merge === "string" ? [merge.slice(0, space), merge.slice(space + 1)] : merge;
      left[rank] = this.numbered(first);
      right[rank] = this.numbered(second);
      this.made[rank] = this.numbered(first + (second.startsWith(prefix) ? second.slice(prefix.length) : second));
    }
    const [byRight] = sorted(Int32Array.from(left.keys()), right, this.numbers.size);
    [this.ranks, this.starts] = sorted(byRight, left, this.numbers.size);
    this.rights = this.ranks.map((rank) => right[rank]!);
  }

  private numbered(piece: string): number {
    const known = this.numbers.get(piece);
    if (known !== undefined) return known;
    const number = this.pieces.push(piece) - 1;
    this.numbers.set(piece, number);
    return number;
  }

  /** Rank of the merge of two pieces by number, -1 for none. */
  private rankOf(left: number, right: number): number {
    if (left < 0 || right < 0) return -1;
    const { starts, rights } = this;
    let [low, high] = [starts[left]!, starts[left + 1]!];
    const first = low;
    // The last that is no greater.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rights[middle]! <= right) low = middle + 1;
      else high = middle;
    }
    return low > first && rights[low - 1] === right ? this.ranks[low - 1]! : -1;
  }

  /** Length in UTF-16 units of the longest piece that a merge makes. */
  get longest(): number {
    return (this.longestMade ??= this.made.reduce((most, piece) => Math.max(most, this.pieces[piece]!.length), 1));
  }

  private longestMade: number | undefined;

  /**
   * Merges a word's beginning, of which these are the pieces, as far as no piece that follows can change it. Returns the tokens, and how many
   * of the pieces they are made of: none if nothing is certain.
   *
   * What lies between two boundaries of the tokens of a word is merged as if it were alone, because a merge across a boundary that is not made
   * changes nothing. And neighbours that stay apart where they are alone stay apart in any word. So a boundary is certain if the token before
   * it stays apart from each token that can begin there.
   */
  mergeBeginning(word: readonly string[]): { readonly tokens: string[]; readonly count: number } {
    const starts: number[] = [];
    const tokens = this.merge(word, starts);
    let last = tokens.length - 1;
    while (last > 0 && starts[last]! + this.longest > word.length) last--;
    for (; last > 0; last--) {
      const [before, start] = [starts[last - 1]!, starts[last]!];
      if (this.staysApart(word, before, start)) return { tokens: tokens.slice(0, last), count: start };
    }
    return { tokens: [], count: 0 };
  }

  /** Whether the token from `before` to `start` is a token beside each that can begin at `start`. */
  private staysApart(word: readonly string[], before: number, start: number): boolean {
    let text = "";
    for (let end = start + 1; end <= word.length; end++) {
      const piece = word[end - 1]!;
      text += end > start + 1 && piece.startsWith(this.prefix) ? piece.slice(this.prefix.length) : piece;
      if (end > start + 1 && text.length > this.longest) return true;
      if (end > start + 1 && (!this.numbers.has(text) || this.merge(word.slice(start, end)).length > 1)) continue;
      const starts: number[] = [];
      this.merge(word.slice(before, end), starts);
      if (starts.length !== 2 || starts[1] !== start - before) return false;
    }
    return true;
  }

  /** Merges a word's pieces. @param starts gets the number of the first piece of each token */
  merge(word: readonly string[], starts: number[] = []): string[] {
    const count = word.length;
    // For each start of a piece: its number, starts of the next and previous piece, rank of its merge with the next.
    const piece = Int32Array.from(word, (part) => this.numbers.get(part) ?? -1);
    const next = Int32Array.from(word, (_, i) => i + 1);
    const before = Int32Array.from(word, (_, i) => i - 1);
    const rank = new Int32Array(count).fill(-1);
    // By rank, then by place: both in one number, exact as ranks times places are below 2^53.
    const heap = new NumberHeap();
    const look = (place: number) => {
      const end = next[place]!;
      rank[place] = end < count ? this.rankOf(piece[place]!, piece[end]!) : -1;
      if (rank[place] >= 0) heap.push(rank[place] * count + place);
    };
    for (let place = 0; place < count; place++) look(place);
    for (let least = heap.pop(); least !== undefined; least = heap.pop()) {
      const place = least % count;
      // Its pieces are others by now.
      if (rank[place] !== (least - place) / count) continue;
      const joined = next[place]!;
      piece[place] = this.made[rank[place]]!;
      next[place] = next[joined]!;
      rank[joined] = -1;
      if (next[place] < count) before[next[place]] = place;
      look(place);
      if (before[place]! >= 0) look(before[place]!);
    }
    const merged: string[] = [];
    for (let place = 0; place < count; place = next[place]!) {
      merged.push(piece[place]! < 0 ? word[place]! : this.pieces[piece[place]!]!);
      starts.push(place);
    }
    return merged;
  }
}

/** Items in the order of their keys, which are below `most`, equal ones as they came; and where those of each key begin. */
function sorted(items: Int32Array, keys: Int32Array, most: number): [sorted: Int32Array, starts: Int32Array] {
  const starts = new Int32Array(most + 1);
  for (const key of keys) starts[key + 1]!++;
  for (let key = 0; key < most; key++) starts[key + 1]! += starts[key]!;
  const ends = starts.slice();
  const result = new Int32Array(items.length);
  for (const item of items) result[ends[keys[item]!]!++] = item;
  return [result, starts];
}

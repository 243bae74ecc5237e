import { Meter, type Pieces } from "./pieces.js";

/** Tokens that are a piece of work. */
const PIECE = 2000;

/** The bytes of a vocabulary's tokens as a tree. Its nodes are in depth-first order. */
export class TokenTree {
  private constructor(
    readonly vocabularySize: number,
    readonly bytesOf: (id: number) => Uint8Array | null,
    /** The byte of each node. */
    readonly bytes: Uint8Array,
    /** Number of bytes before a node's own. */
    readonly depths: Int32Array,
    /** The first node that is not below a node. */
    readonly after: Int32Array,
    /** Where each node's own tokens begin in `tokens`; they end where the next node's begin. */
    readonly first: Int32Array,
    /** Ids, in the order of their bytes. */
    readonly tokens: Int32Array,
    /** Most bytes of a token. */
    readonly longest: number,
  ) {}

  /**
   * @param vocabularySize number of logits
   * @param bytesOf a token's bytes; null for one that is not text
   */
  static *of(vocabularySize: number, bytesOf: (id: number) => Uint8Array | null): Pieces<TokenTree> {
    const meter = new Meter(PIECE);
    const all = yield* sortedTokens(vocabularySize, bytesOf, meter);
    const [bytes, depths, after, first]: [number[], number[], number[], number[]] = [[], [], [], []];
    const open: number[] = [];
    let [before, longest] = ["", 0];
    for (const [place, [text]] of all.entries()) {
      if (meter.add(1)) yield;
      const common = commonLength(before, text);
      while (open.length > common) after[open.pop()!] = bytes.length;
      for (let depth = common; depth < text.length; depth++) {
        open.push(bytes.length);
        bytes.push(text.charCodeAt(depth));
        depths.push(depth);
        first.push(place);
      }
      before = text;
      longest = Math.max(longest, text.length);
    }
    for (const node of open) after[node] = bytes.length;
    return new TokenTree(
      vocabularySize,
      bytesOf,
      Uint8Array.from(bytes),
      Int32Array.from(depths),
      Int32Array.from(after),
      Int32Array.from([...first, all.length]),
      Int32Array.from(all, ([, id]) => id),
      longest,
    );
  }
}

/** Tokens in the order of their bytes. They are sorted in groups with the same first two bytes, so that no piece of work is long. */
function* sortedTokens(
  vocabularySize: number,
  bytesOf: (id: number) => Uint8Array | null,
  meter: Meter,
): Pieces<[text: string, id: number][]> {
  const groups = new Map<string, [text: string, id: number][]>();
  for (let id = 0; id < vocabularySize; id++) {
    if (meter.add(1)) yield;
    const bytes = bytesOf(id);
    if (bytes === null || bytes.length === 0) continue;
    const text = latin(bytes);
    const group = groups.get(text.slice(0, 2));
    if (group === undefined) groups.set(text.slice(0, 2), [[text, id]]);
    else group.push([text, id]);
  }
  const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted: [text: string, id: number][] = [];
  for (const key of [...groups.keys()].sort(order)) {
    const group = groups.get(key)!.sort(([a], [b]) => order(a, b));
    for (const token of group) sorted.push(token);
    if (meter.add(group.length)) yield;
  }
  return sorted;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** One character for each byte. */
function latin(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The bytes of a vocabulary's tokens as a tree. Its nodes are in depth-first order. */
export class TokenTree {
  /** The byte of each node. */
  readonly bytes: Uint8Array;
  /** Number of bytes before a node's own. */
  readonly depths: Int32Array;
  /** The first node that is not below a node. */
  readonly after: Int32Array;
  /** Where each node's own tokens begin in `tokens`; they end where the next node's begin. */
  readonly first: Int32Array;
  /** Ids, in the order of their bytes. */
  readonly tokens: Int32Array;
  /** Most bytes of a token. */
  readonly longest: number;

  /**
   * @param vocabularySize number of logits
   * @param bytesOf a token's bytes; null for one that is not text
   */
  constructor(
    readonly vocabularySize: number,
    readonly bytesOf: (id: number) => Uint8Array | null,
  ) {
    const all: [text: string, id: number][] = [];
    for (let id = 0; id < vocabularySize; id++) {
      const bytes = bytesOf(id);
      if (bytes !== null && bytes.length > 0) all.push([latin(bytes), id]);
    }
    all.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const [bytes, depths, after, first]: [number[], number[], number[], number[]] = [[], [], [], []];
    const open: number[] = [];
    let [before, longest] = ["", 0];
    for (const [place, [text]] of all.entries()) {
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
    this.bytes = Uint8Array.from(bytes);
    this.depths = Int32Array.from(depths);
    this.after = Int32Array.from(after);
    this.first = Int32Array.from([...first, all.length]);
    this.tokens = Int32Array.from(all, ([, id]) => id);
    this.longest = longest;
  }
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

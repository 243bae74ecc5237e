/** Longest piece whose parts are looked at, in UTF-16 units: SentencePiece's own are 16 characters. */
const LONGEST = 64;
/** Normal pieces and user-defined ones can be parts of others. */
const isPart = (type: number) => type === 1 || type === 4;

/**
 * The merges by which BPE makes the pieces of a SentencePiece vocabulary: each pair of pieces that makes a piece, those of the
 * best scores first.
 */
export function pieceMerges(
  tokens: readonly string[],
  scores: Float32Array,
  types: Int32Array,
): (readonly [string, string])[] {
  const ids = new Map<string, number>();
  for (let id = 0; id < tokens.length; id++) if (isPart(types[id]!)) ids.set(tokens[id]!, id);
  const found: { readonly pair: readonly [string, string]; readonly score: number; readonly ranks: number[] }[] = [];
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id]!;
    if (types[id] !== 1 || token.length > LONGEST) continue;
    for (let cut = 1; cut < token.length; cut++) {
      const pair = [token.slice(0, cut), token.slice(cut)] as const;
      const [left, right] = [ids.get(pair[0]), ids.get(pair[1])];
      if (left === undefined || right === undefined) continue;
      found.push({ pair, score: scores[id]!, ranks: [cut, token.length - cut, -left, -right] });
    }
  }
  // Among equal scores those of longer parts, as Hugging Face's converter has them.
  found.sort((a, b) => b.score - a.score || b.ranks.map((rank, i) => rank - a.ranks[i]!).find((x) => x !== 0) || 0);
  return found.map(({ pair }) => pair);
}

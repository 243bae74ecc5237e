/** Fewer questions are a rough measurement. */
export const FEW = 50;

/**
 * Whether training is better by more than chance, about equal, or not better than without it ("simple"): NDCG@10 of the vectors before it,
 * or of a search for words, is as high.
 */
export function kindOf(
  { "ndcg@10": before }: Readonly<Record<string, number>>,
  { "ndcg@10": now }: Readonly<Record<string, number>>,
  interval: readonly [number, number] | null,
): "better" | "equal" | "simple" {
  if (now! <= before!) return "simple";
  return interval !== null && before! < interval[0] ? "better" : "equal";
}

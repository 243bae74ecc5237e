/** Fewer questions are a rough measurement. */
export const FEW = 50;

/** Whether training helped: by more than chance, perhaps by chance, or not at all. */
export function verdictOf(
  { "ndcg@10": before }: Readonly<Record<string, number>>,
  { "ndcg@10": now }: Readonly<Record<string, number>>,
  interval: readonly [number, number] | null,
) {
  if (now! <= before!) return "none";
  return interval !== null && before! < interval[0] ? "helped" : "ahead";
}

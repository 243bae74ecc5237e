/** Factor of A·B: α/r, or α/√r for rsLoRA (arXiv 2312.03732). */
export function loraScaling(alpha: number, rank: number, rslora: boolean): number {
  return alpha / (rslora ? Math.sqrt(rank) : rank);
}

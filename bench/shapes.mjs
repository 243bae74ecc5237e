/** Products [m, k, n]: squares, a small transformer's layers, one token, and LoRA's own skinny ones. */
export const matmulShapes = [
  [128, 128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [1024, 1024, 1024],
  [128, 384, 384],
  [128, 384, 1536],
  [128, 1536, 384],
  [512, 768, 768],
  [512, 768, 3072],
  [1, 384, 384],
  [512, 768, 8],
  [512, 8, 768],
];

/** Which operands are stored transposed, by BLAS's letters. */
export const forms = {
  NN: { transposeA: false, transposeB: false },
  NT: { transposeA: false, transposeB: true },
  TN: { transposeA: true, transposeB: false },
  TT: { transposeA: true, transposeB: true },
};

/** LoRA layers [rows, in, out, rank]; the first is nothing but overhead. */
export const loraShapes = [
  [4, 8, 8, 2],
  [128, 384, 384, 8],
  [128, 384, 1536, 8],
  [512, 768, 768, 8],
  [512, 768, 3072, 16],
];

/** A pre-LN encoder block with LoRA on its six linear layers. */
export const blockShape = { rows: 128, hidden: 384, heads: 12, intermediate: 1536, rank: 8 };

/** Every trained case: scaling of the adapter, and Adam without weight decay. */
export const training = { scaling: 2, lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8 };

/** Operations of a LoRA step's products: x·W and g·Wᵀ, and six skinny ones. */
export function loraStepFlops([rows, inFeatures, outFeatures, rank]) {
  return 4 * rows * inFeatures * outFeatures + 6 * rows * rank * (inFeatures + outFeatures);
}

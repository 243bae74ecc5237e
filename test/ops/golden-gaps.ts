/** Golden cases whose operation `Graph` does not have, and why. Any other case must run. */
export const gaps: Readonly<Record<string, string>> = {
  ...because("an exponent that is a tensor; pow takes a constant", ["pow_tensor"]),
  ...because("activations that no supported model uses", ["softplus", "logsigmoid", "leaky_relu", "elu"]),
  ...because("no log1p: log(x + 1) differs from it near 0, where it matters", ["log1p"]),
  ...because("boolean tensors: masks are attributes of the ops that take them", ["where", "masked_fill", "tril"]),
  ...because("logSoftmax and crossEntropy cover its uses", [
    "logsumexp_last",
    "logsumexp_dim0",
    "logsumexp_mid",
    "logsumexp_4d",
    "logsumexp_len1",
    "logsumexp_large_logits",
  ]),
  ...because("targets are class indices, not probabilities", ["cross_entropy_soft", "kl_div_batchmean"]),
  ...because("losses that nothing here trains with", [
    "nll_loss",
    "smooth_l1",
    "huber",
    "bce_logits",
    "bce_logits_posweight",
    "triplet",
  ]),
  ...because("a function for language models, tested beside it (decoder-ops.test.ts)", ["rope_10000", "rope_100000"]),
  ...because("amax shares the gradient of ties; max(dim) gives it to one", ["max_dim_ties"]),
  ...because("scans and products of elements are in no supported model", ["cumsum", "prod"]),
  ...because("no convolutions or image pools: transformers only", [
    "conv1d_basic",
    "conv1d_stride_pad",
    "conv1d_dilation",
    "conv1d_groups",
    "conv1d_k1",
    "conv2d_basic",
    "conv2d_stride_pad",
    "conv2d_groups",
    "max_pool2d",
    "avg_pool2d",
  ]),
};

function because(reason: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

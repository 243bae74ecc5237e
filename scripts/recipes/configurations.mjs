// Recipes by name, as one.mjs takes them. "lp": the head starts from the logistic regression on frozen vectors.
const lp = (learningRate, headLearningRate, rest = {}) => ({ learningRate, headLearningRate, epochs: 5, ...rest });

export const recipes = {
  probe: null,
  random: { ...lp(1e-3, 1e-3), head: "random" },
  "lp-1e-3": lp(1e-3, 1e-3),
  "lp-5e-4": lp(5e-4, 5e-4),
  "lp-2e-3": lp(2e-3, 2e-3),
  "lp-1e-3-fixed": lp(1e-3, 0),
  "lp-1e-3-head-1e-2": lp(1e-3, 1e-2),
};

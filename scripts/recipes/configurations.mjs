// Recipes by name, as one.mjs takes them. "lp": the head starts from the logistic regression on frozen vectors, of the training part
// alone; "all": of all examples, of which none is held out, so that the last step is what counts.
const lp = (learningRate, headLearningRate, rest = {}) => ({ learningRate, headLearningRate, epochs: 5, ...rest });
const all = (learningRate, headLearningRate, rest = {}) =>
  lp(learningRate, headLearningRate, { all: true, evaluations: 1, ...rest });

export const recipes = {
  // What docs/recipes.md recommends, and the settings of PEFT's examples, for the table of both.
  default: lp(1e-3, 1e-3, { soft: 0.01, minSteps: 150, evaluations: 10 }),
  "default-300": lp(1e-3, 1e-3, { soft: 0.01, steps: 300, evaluations: 10 }),
  "default-400": lp(1e-3, 1e-3, { soft: 0.01, steps: 400, evaluations: 10 }),
  peft: all(1e-3, 1e-3, { head: "random", steps: 300 }),
  probe: null,
  random: { ...lp(1e-3, 1e-3), head: "random" },
  "lp-1e-3": lp(1e-3, 1e-3),
  "lp-5e-4": lp(5e-4, 5e-4),
  "lp-2e-3": lp(2e-3, 2e-3),
  "lp-1e-3-softer": lp(1e-3, 1e-3, { soft: 0.01 }),
  "lp-1e-3-softer-20": lp(1e-3, 1e-3, { soft: 0.01, epochs: 20 }),
  "lp-2e-3-softer": lp(2e-3, 2e-3, { soft: 0.01 }),
  "all-2e-4": all(2e-4, 2e-4),
  "all-5e-4": all(5e-4, 5e-4),
  "all-1e-3": all(1e-3, 1e-3),
  "all-2e-3": all(2e-3, 2e-3),
  "all-1e-3-head-0": all(1e-3, 0),
  "all-1e-3-head-1e-2": all(1e-3, 1e-2),
  "all-1e-3-random": all(1e-3, 1e-3, { head: "random" }),
  "all-1e-3-soft": all(1e-3, 1e-3, { soft: 0.1 }),
  "all-1e-3-softer": all(1e-3, 1e-3, { soft: 0.01 }),
  "all-1e-3-softest": all(1e-3, 1e-3, { soft: 0.001 }),
  "all-2e-3-soft": all(2e-3, 2e-3, { soft: 0.1 }),
  "all-2e-3-softer": all(2e-3, 2e-3, { soft: 0.01 }),
  "all-5e-4-soft": all(5e-4, 5e-4, { soft: 0.1 }),
  "all-1e-3-softer-head-1e-2": all(1e-3, 1e-2, { soft: 0.01 }),
  "all-5e-4-softer": all(5e-4, 5e-4, { soft: 0.01 }),
  "all-1e-3-softer-10": all(1e-3, 1e-3, { soft: 0.01, epochs: 10 }),
  "all-1e-3-softer-rank-16": all(1e-3, 1e-3, { soft: 0.01, rank: 16, alpha: 32 }),
  "all-1e-3-softer-dropout": all(1e-3, 1e-3, { soft: 0.01, dropout: 0.1 }),
  "all-1e-3-softer-decay": all(1e-3, 1e-3, { soft: 0.01, weightDecay: 0.1 }),
  "all-1e-3-10": all(1e-3, 1e-3, { epochs: 10 }),
};

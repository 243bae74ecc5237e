/** The texts in English of the page that compares sentences. */
export const compare = {
  heading: "Compare sentences",
  intro:
    "How similar the model finds two sentences: 1 means the same, 0 means nothing in common. Training changes these numbers.",
  firstLabel: "Compare these, one per line",
  secondLabel: "with these, one per line",
  first: ["A warm and funny film.", "I fell asleep twice.", "The actors are wonderful."],
  second: ["What a joy to watch.", "Dull from beginning to end.", "It rained on Tuesday."],
  compare: "Compare",
  busy: "Comparing …",
  before: "Before training",
  after: (name: string) => `After training on “${name}”`,
  noAdapter: "Train a model or load a saved one: a second table then shows the similarity after training.",
};

import { n, some } from "./numbers.js";

const rows = (count: number) => some(count, "row", "rows");
const questions = (count: number) => some(count, "question", "questions");

/** The texts in English of the page that trains a reranker, and of the choice between it and the search. */
export const rank = {
  offerHeading: "Questions with texts: what do you want to train?",
  offers: {
    search: "Search",
    searchHint: "Finds the right texts among thousands, at once. It needs questions with texts that answer them.",
    rank: "Reranker",
    rankHint:
      "Reads a question and a text together and says how well they fit: more exact, but slow, so it puts the best 20 to 100 results of a search in order. It needs texts that fit and texts that do not.",
    noLabels: "This table has no column that says how well a text fits.",
    stay: "Or stay here: then only the text column is used.",
  },

  heading: "Put texts in order with a reranker",
  intro:
    "A reranker reads a question and a text together and says how well the text fits. You need questions, each with some texts that fit and some that do not.",
  notSearch:
    "A reranker orders a few texts, such as the first results of a search. To find texts among many, use “Search by meaning”.",
  drop: "Drop a table here, or choose a file",
  oneColumn: "Only one column was found. Three are needed: questions, texts, and how well each text fits.",
  shapeCaption: "What a table looks like",
  shapeColumns: ["question", "text", "label"],
  shape: [
    ["Where is my parcel?", "The tracking number is in our e-mail.", "1"],
    ["Where is my parcel?", "We send parcels on weekdays.", "0"],
    ["How do I pay by invoice?", "Choose “Invoice” at the end of the order.", "1"],
  ] as readonly (readonly string[])[],
  facts: (count: number) => rows(count),
  ordered: (count: number) => `${questions(count)} with texts that fit and texts that do not`,
  repeated: (count: number) => `${rows(count)} repeated, used once`,
  incomplete: (count: number) => `${rows(count)} with an empty or unreadable field, not used`,
  columns: { question: "Questions", text: "Texts", value: "How well they fit" },
  noColumn: "none",
  another: "Use another table",

  trainHeading: "Train the reranker",
  trainIntro: "One question in five is set aside to test the reranker at the end.",
  noLabels:
    "Training needs a column that says how well each text fits its question: 1 or 0, yes or no, or a number. For questions with right answers only, train the search instead.",
  tooFew: (count: number, least: number) =>
    `Training needs at least ${questions(least)} with texts that fit and texts that do not; there ${count === 1 ? "is 1" : `are ${n(count)}`}. Add texts that do not fit, with the label 0.`,
  efforts: { quick: "Quick try: 100 steps, to see whether it works", normal: "Recommended: at least 100 steps" },
  start: "Start training",
  steps: "Steps",
  asAbove: "as chosen above",
  trainAgain: "Train again",
  trainedOn: (name: string) => `Trained on “${name}”.`,
  forget: "Delete the trained model",
  phases: {
    tokenize: "Reading the table",
    "encode-validation": "Ordering without training, for comparison",
    train: "Training",
    validate: "Testing with the questions set aside",
  } as Readonly<Record<string, string>>,
  base: "By similarity, without training",
  trained: "By the reranker",
  metric: "Measure",
  metrics: {
    "ndcg@10": ["NDCG@10", "1 if the best texts are on top, less the further down they are"],
    "mrr@10": ["MRR@10", "mean of 1 / place of the first text that fits"],
    map: ["MAP", "mean of the average precision: 1 if all texts that fit are above all others"],
  } as Readonly<Record<string, readonly [name: string, hint: string]>>,
  verdicts: {
    better: (before: string, after: string) =>
      `The reranker helps: NDCG@10 is ${after}, by similarity alone ${before}. The difference is more than chance.`,
    equal: (before: string, after: string) =>
      `With the reranker, NDCG@10 is ${after}, by similarity alone ${before}. With this number of questions that may be chance.`,
    simple: (before: string, after: string) =>
      `The reranker does not help: its NDCG@10 is ${after}, by similarity alone ${before}. A new reranker needs many rows, often thousands: add some, train longer, or train the search.`,
  },
  measured: (count: number) =>
    `Measured once, with ${questions(count)} that ${count === 1 ? "was" : "were"} not trained on.`,
  few: "With so few questions this is only a rough measurement.",

  tryHeading: "Try it",
  offered: "Questions of your table, with their texts",
  question: "Question",
  texts: "Texts, one per line",
  order: "Put in order",
  ordering: "Ordering …",
  notOrdered: "The texts could not be ordered.",
  results: (question: string) => `The texts in order for “${question}”`,
  scores: {
    base: (value: string) => `similarity ${value}`,
    adapter: (value: string) => `fits ${value}`,
  },
  scoreHint:
    "The reranker’s score is between 0 and 1. Scores order the texts of one question; those of different questions cannot be compared well.",
  fits: "fits, as your table says",

  takeHeading: "Take it away",
  takeHint:
    "A zip with the folder “reranker”: the trained model, as sentence-transformers and PEFT read it, and the report.",
  take: "Save the reranker",
  preparing: "Preparing …",
  use: "Use it elsewhere",
  useHint: "Unpack the zip. The command or program runs beside the folder “reranker”.",
  places: { command: "Command line", node: "Node", page: "Web page", python: "Python" },
  copy: "Copy",
  copied: "Copied",
};

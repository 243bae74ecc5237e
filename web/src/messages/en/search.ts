import { n, some } from "./numbers.js";

const texts = (count: number) => some(count, "text", "texts");
const rows = (count: number) => some(count, "row", "rows");

/** The texts in English of the page that searches. */
export const search = {
  heading: "Search by meaning",
  intro:
    "You need questions with their answers, or a list of texts. The search finds texts that mean the same as your query, even if they share no words with it.",
  drop: "Drop a table or a list here, or choose a file",
  formats: "CSV, TSV, JSON Lines or Excel (.xlsx); or a text file with one text per line",
  pasteHint:
    "Paste one text per line, or cells of your spreadsheet with a column of questions and a column of answers.",
  pasteLabel: "Texts, or questions and answers",
  sample: "Try the example",
  sampleHint: "457 questions of general knowledge and their answers",
  sampleName: "General knowledge",
  shapeCaption: "What a table looks like",
  shapeQuestion: "question",
  shapeAnswer: "answer",
  shape: [
    ["Where is my parcel?", "You find its number in the mail that we sent."],
    ["How do I pay by invoice?", "Choose “invoice” on the last page of your order."],
  ] as readonly (readonly [string, string])[],
  facts: texts,
  pairs: (count: number) => some(count, "pair", "pairs"),
  repeated: (count: number) => `${rows(count)} repeated, used once`,
  incomplete: (count: number) => `${rows(count)} with an empty cell`,
  textColumn: "Texts to search",
  questionColumn: "Questions that they answer",
  noQuestions: "none: a list of texts",
  another: "Use other texts",
  tooMany: (count: number, most: number) =>
    `There are ${n(count)} different texts, and this page searches at most ${n(most)}. Use a part of the list, or the command “lowrank index”, which takes a million.`,
  noTexts: "This column has no texts. Choose another one.",
  chooseModel: "You can search once a model has read your texts: the multilingual one, or the English one.",
  useEnglish: (size: string) => `Read them with the English model (${size})`,
  recognising: "Recognising the language of your texts",
  indexing: "Reading the texts for the search",
  stop: "Stop",
  stopped: "The texts were not read to the end, so they cannot be searched.",
  again: "Read them again",
  notIndexed: "The texts could not be read for the search.",
  query: "What are you looking for?",
  placeholder: "A question or a few words",
  search: "Search",
  searching: "Searching …",
  notSearched: "The search failed.",
  examples: "Questions of your table",
  results: (query: string) => `The best texts for “${query}”`,
  base: "Without training",
  score: (value: string) => `similarity ${value}`,
  scoreHint:
    "The similarity (cosine) is 1 for texts that mean the same and near 0 for unrelated ones. It only orders the texts of one query.",
  right: "the answer in your table",
  rightAt: (place: number) => `The answer in your table is number ${n(place)}.`,
  rightBeyond: (ranked: number) => `The answer in your table is not among the first ${n(ranked)}.`,

  adapted: "After training",
  baseOf: "Before training",
  heldOut: "Questions that were not trained on",
  trainHeading: "Train the search",
  trainIntro:
    "The model learns from your pairs which texts answer which questions. One question in five is set aside to test it at the end.",
  tooFew: (count: number, least: number) =>
    count === 0
      ? `Training needs pairs: a column of questions, or results that you judge as right. At least ${n(least)} different questions are needed.`
      : `Training needs at least ${n(least)} different questions with an answer; there ${count === 1 ? "is 1" : `are ${n(count)}`}. Add rows, or judge results.`,
  oneAnswer: "All questions have the same answer, so there is nothing to tell apart.",
  efforts: { quick: "Quick try: 30 steps, to see whether it works", normal: "Recommended: at least 100 steps" },
  start: "Start training",
  phases: {
    tokenize: "Reading the pairs",
    "encode-validation": "Searching before training, for comparison",
    train: "Training",
    validate: "Testing with the questions set aside",
  } as Readonly<Record<string, string>>,
  trainedOn: (name: string) => `Trained on “${name}”.`,
  otherModel:
    "You trained another model than the one that reads the texts now, so the search does not use it. Train again, or choose the other model.",
  adding: "Reading the texts with the trained model",
  forget: "Delete the trained model",
  trainAgain: "Train again",
  measured: (questions: number, documents: number) =>
    `Measured once, with ${some(questions, "question", "questions")} that ${questions === 1 ? "was" : "were"} not trained on. ${questions === 1 ? "It searches" : "They search"} ${texts(documents)}.`,
  few: "With so few questions this is only a rough measurement.",
  words: "Words (BM25)",
  wordsHint: "BM25 is the usual search, which compares the words of the question with those of each text.",
  before: "Before",
  after: "After",
  metric: "Measure",
  metrics: {
    "ndcg@10": ["NDCG@10", "1 if the right texts are on top, less the further down they are"],
    "mrr@10": ["MRR@10", "mean of 1 / place of the first right text"],
    "recall@1": ["Recall@1", "share of right texts in the first place"],
    "recall@10": ["Recall@10", "share of right texts among the first ten"],
  } as Readonly<Record<string, readonly [name: string, hint: string]>>,
  /** How many questions find their text among the first five. */
  firstFive: (after: number, before: number, questions: number) =>
    `For ${n(after)} of ${some(questions, "question", "questions")} that it was not trained on, the right text is among the first five. Before training: ${n(before)}.`,
  counting: "Searching with the questions that were set aside …",
  advice: {
    better: "The difference is more than chance. Next: try questions of your own, and judge what they find.",
    equal: "The difference may be chance. Next: judge results of your own questions, and train again.",
    simple: "Training did not help. Use the search without it, or judge more results and train again.",
  },
  sinceTraining: (count: number) =>
    count === 0
      ? "No new judgements since the last training."
      : `${some(count, "judgement", "judgements")} since the last training.`,
  enough: "There are enough questions with a right text to train.",
  missing: (count: number, least: number) =>
    `${n(count)} of ${n(least)} questions with a right text: judge more to train.`,
  found: (count: number) => `${texts(count)} found.`,
  project: "The whole search",
  projectHint: "Saved as a project, it opens here again with its texts, judgements and training.",
  verdicts: {
    better: (before: string, after: string) =>
      `Training helps: NDCG@10 went from ${before} to ${after}, which is more than chance.`,
    equal: (before: string, after: string) =>
      `After training, NDCG@10 is ${after} instead of ${before}. With this number of questions that may be chance.`,
    simple: (before: string, after: string) =>
      `Training did not help: NDCG@10 was ${before} before and is ${after} after it. Search without it, or train with more pairs.`,
  },
  unchanged:
    "No step of the training was better than the start on the pairs that choose the step, so the trained model is the same as before.",
  wordsBetter: (value: string) =>
    `A search for words (BM25) is better here, with ${value}: your questions use the words of their answers.`,
  judgeHint: "Judge the results, and this page counts how many are right, before and after training.",
  isRight: "Right",
  isWrong: "Wrong",
  judgedHeading: "Your judgements",
  precision: (right: number, judged: number) => `${n(right)} of ${n(judged)} judged results are right`,
  precisionHint: (queries: number) =>
    `Among the first five of ${some(queries, "query", "queries")} (precision). The answers in your table count as right.`,
  judgedCount: (right: number, wrong: number) => `${n(right)} judged right, ${n(wrong)} wrong`,
  useJudged:
    "The next training uses them: results that are right are further pairs, and pairs of your table that you judged wrong are left out.",
  takePairs: "Save the right pairs (CSV)",
  takeJudged: "Save all judgements (CSV)",
  forgetJudged: "Delete the judgements",
  takeHeading: "Take it away",
  takeHint: (isAdapted: boolean): string =>
    isAdapted
      ? "A zip with the folder “search”: the trained model in the format of sentence-transformers, the index, and the texts."
      : "A zip with the folder “search”: the index of the untrained model, and the texts.",
  take: "Save the search",
  takeBase: "Save the search without training",
  preparing: "Preparing …",
  use: "Use it elsewhere",
  useHint: "Unpack the zip. The command or program runs beside the folder “search”.",
  places: { command: "Command line", node: "Node", page: "Web page" },
  copy: "Copy",
  copied: "Copied",
};

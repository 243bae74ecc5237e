import type { Task } from "../data/target.js";
import { n, some } from "./en-numbers.js";
import { signed } from "./signed.js";

/** The Studio's texts in English. Each language has files of the same shape. */
const rows = (count: number) => some(count, "row", "rows");

export const en = {
  language: "English",
  title: "lowrank studio",
  skip: "Skip to the content",
  promise: "Everything happens in this tab. No text leaves it.",
  promiseTogether: "Your texts stay in this tab. The results of the training go to the server that you joined.",
  steps: { data: "Data", train: "Train", judge: "Results", take: "Download" },
  nav: "Steps",
  also: "More pages",
  others: {
    chat: "Chat with a language model",
    search: "Search by meaning",
    compare: "Compare sentences",
    together: "Train together",
    kernels: "Speed of this browser",
  },
  more: "More",
  othersHints: {
    chat: "a small one that runs in this tab; you can train it with examples",
    search: "in a list of texts; you can train it with questions and answers",
    compare: "how similar the model finds them, before and after training",
    together: "with other people through a server; your texts stay here",
    kernels: "measures how fast it computes",
  },
  settingsOf: "Language and appearance",
  languageLabel: "Language",
  themeLabel: "Appearance",
  themes: { auto: "same as the system", light: "light", dark: "dark" },
  close: "Close",
  undo: "Undo",
  noRoom: "This browser stores nothing for this page (a private window?). Your work is lost when you close the tab.",
  percent: (share: number) => `${(100 * share).toFixed(1)} %`,
  number: n,
  /** A number in the unit of the data. */
  plainNumber: (value: number, digits = 4) =>
    value.toLocaleString("en", { maximumSignificantDigits: digits }).replace("-", "\u2212"),
  decimal: (value: number) => signed(value, 2),
  quoted: (text: string) => `“${text}”`,
  points: (value: number) => signed(value, 1),
  size: (bytes: number) => `${n(Math.round(bytes / 1e6))} MB`,
  duration: (seconds: number) =>
    seconds < 90
      ? some(Math.max(1, Math.round(seconds)), "second", "seconds")
      : some(Math.round(seconds / 60), "minute", "minutes"),
  /** A range of seconds, both ends in the unit of the larger one. */
  span: ({ low, high }: { low: number; high: number }) => {
    const [unit, one, more] = high < 90 ? ([1, "second", "seconds"] as const) : ([60, "minute", "minutes"] as const);
    const [from, to] = [low, high].map((seconds) => Math.max(1, Math.round(seconds / unit))) as [number, number];
    return from === to ? some(to, one, more) : `${n(from)} to ${some(to, one, more)}`;
  },
  date: (time: number) => new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }),

  data: {
    heading: "Teach a model your labels",
    intro:
      "You need a table with a column of texts and a column of labels (the category of each text). A text can also have several labels, or a number. A few hundred rows are a good start.",
    drop: "Drop a table here, or choose a file",
    formats: "CSV, TSV, JSON Lines or Excel (.xlsx)",
    choose: "Choose a file",
    paste: "Paste rows",
    pasteHint: "Copy the cells in your spreadsheet, with the row of column names, and paste them here.",
    pasteLabel: "Rows with a text and a label",
    pasteTake: "Use these rows",
    pasted: "Pasted rows",
    sample: "Try the example",
    sampleHint: "800 sentences from film reviews, each labelled positive or negative",
    sampleName: "Film reviews",
    shapeText: "text",
    shapeLabel: "label",
    shape: [
      ["The parcel never arrived.", "delivery"],
      ["Can I pay by invoice?", "payment"],
      ["Still waiting for my order", "delivery"],
    ] as readonly (readonly [string, string])[],
    shapeCaption: "What a table looks like",
    reading: "Reading …",
    another: "Use another table",
    read: (count: number) => rows(count),
    encoding: "Encoding",
    separator: "Separator",
    header: "The first row has the column names",
    separators: { ",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar" } as Readonly<
      Record<string, string>
    >,
    howRead: "Reading options",
    workbook: "first sheet of a workbook",
    jsonl: "JSON Lines",
    uneven: (count: number) => `${rows(count)} with more or fewer columns than the others`,
    textColumn: "Text column",
    labelColumn: "Label column",
    predicts: "What to predict",
    tasks: {
      classify: "One label per text",
      "multi-label": "Several labels per text",
      regress: "A number per text",
    } as Readonly<Record<Task, string>>,
    columnsOf: { classify: "Label column", "multi-label": "Label columns", regress: "Column of numbers" } as Readonly<
      Record<Task, string>
    >,
    columnOf: { classify: "Label", "multi-label": "Labels", regress: "Number" } as Readonly<Record<Task, string>>,
    flags: (count: number) => `${n(count)} columns of 0 and 1`,
    labelColumns: (count: number) => some(count, "label column", "label columns"),
    labelSeparator: "Between labels",
    numbersHeading: "Numbers",
    same: { classify: "the same label", "multi-label": "the same labels", regress: "the same number" } as Readonly<
      Record<Task, string>
    >,
    different: {
      classify: "different labels",
      "multi-label": "different labels",
      regress: "different numbers",
    } as Readonly<Record<Task, string>>,
    labelsHeading: "Labels",
    showLabel: (label: string, count: number) => `Show the ${rows(count)} with “${label}”`,
    rename: (label: string) => `Rename “${label}”`,
    renameTo: "New name (the name of another label merges the two)",
    renameDo: "Rename",
    renamed: (from: string, to: string) => `“${from}” is now “${to}”`,
    findingsHeading: "Possible problems",
    allFine: "No problems found.",
    mended: "These rows are fixed.",
    show: "Show",
    removeThem: (count: number) => `Remove ${rows(count)}`,
    join: (label: string) => `Merge as “${label}”`,
    removed: (count: number) => `${rows(count)} removed`,
    found: {
      emptyText: (count: number) => `${rows(count)} without a text. ${count === 1 ? "It is" : "They are"} not used.`,
      emptyLabel: (count: number, task: Task) =>
        `${rows(count)} without a ${task === "regress" ? "number" : "label"}. ${count === 1 ? "It is" : "They are"} not used for training.`,
      duplicates: (count: number, same: string) =>
        `${rows(count)} ${count === 1 ? "repeats" : "repeat"} an earlier text with ${same}.`,
      contradictions: (count: number, different: string) =>
        `${rows(count)} with the same text have ${different}. No model can get all of them right.`,
      similarLabels: (labels: string) => `These labels differ only in case or spaces: ${labels}.`,
      smallClass: (labels: string) => `Fewer than 10 rows each: ${labels}. That is too few to train on or to test.`,
      oneLabel: (label: string) => `All rows have the same label, “${label}”. Training needs two or more labels.`,
      manyLabels: () => "Almost every row has a label of its own. Is this the right column?",
      joinedLabels: (labels: string) => `Several labels in one: ${labels}. Each combination counts as one label.`,
      scores: () =>
        "The labels are numbers. Each number counts as a category of its own, even on a scale such as stars.",
      halfPair: (text: string, other: string) =>
        `Only “${text}” is used, and “${other}” looks like the other half of a pair. Pairs of texts are not supported yet: put both texts into one column.`,
      fewRows: () => "Fewer than 20 rows have a text and a label. Add more rows.",
      fewLabels: () => "There are fewer than two labels. Is this the right column, and the right sign between labels?",
      withoutLabels: (count: number) =>
        `${rows(count)} without any label. ${count === 1 ? "It is" : "They are"} used as texts to which no label applies.`,
      singleLabels: () => "Every text has exactly one label.",
      notNumbers: (count: number) =>
        `${rows(count)} with something else than a number. ${count === 1 ? "It is" : "They are"} not used.`,
      oneNumber: () => "All rows have the same number. Training needs different ones.",
      farNumbers: (count: number) =>
        `${rows(count)} with a number far from the others. A mistake there makes the result much worse.`,
    },
    search: "Search",
    filtered: (shown: number, all: number) => `${n(shown)} of ${rows(all)}`,
    clearFilter: "Show all rows",
    tableLabel: "Rows",
    columnNumber: "Row",
    columnText: "Text",
    labelOf: (row: number, what: string) => `${what} of row ${row}`,
    editText: (row: number) => `Edit the text of row ${row}`,
    removeRow: (row: number) => `Remove row ${row}`,
    save: "Save",
    noRows: "No row matches.",
    next: "Go on to training",
    problems: {
      empty: () => "This file has no rows.",
      oneColumn: () =>
        "Only one column was found. Two are needed, one of texts and one of labels, separated by a comma, a semicolon, a tab or a vertical bar.",
      notWorkbook: () => "This workbook could not be read. Save the sheet as CSV and try again.",
      oldWorkbook: () => "This is an old Excel file (.xls). Save it as .xlsx or CSV.",
      binary: () => "This file is not a table. The Studio reads CSV, TSV, JSON Lines and .xlsx.",
      json: (line: string) =>
        `Line ${line} is not a JSON object. Each line should look like {"text": "…", "label": "…"}.`,
      tooLarge: () => "This table is too large for a web page. Use a part of it.",
      noTable: () => "This file could not be read as a table.",
    } as Readonly<Record<string, (detail: string) => string>>,
  },

  train: {
    heading: "Train",
    intro:
      "A small language model learns from your rows. A fifth of them is set aside and used only to test the result at the end.",
    nothing: "There is no table to train on yet.",
    nothingHint: "Open a table first, or try the example.",
    toData: "Go to the data",
    stopped: "Fix the problems in the data first.",
    effort: "How thorough",
    efforts: { quick: "Quick look", normal: "Normal", thorough: "Thorough" },
    effortHints: {
      quick: "at most 30 steps on 400 rows: enough to see whether it works",
      normal: "the best results in our measurements",
      thorough: "twice as long; helps if there is much to learn",
    },
    estimated: (time: string, memory: string, steps: number) =>
      `About ${time} and ${memory} of memory, at most ${n(steps)} steps. Training ends early if the model no longer improves.`,
    roughly: "This is a first estimate. You get a better one after the first steps.",
    start: "Start training",
    details: "Details",
    fields: {
      rank: "Size of the adapter (rank)",
      learningRate: "Learning rate",
      batchSize: "Rows per step (batch size)",
      maxTokens: "Longest text, in tokens",
      seed: "Random seed",
    },
    fieldHints: {
      rank: "how much the adapter can change in the model; usually 4 to 32",
      learningRate: "how much each step changes; use less if the loss jumps",
      batchSize: "fewer rows need less memory",
      maxTokens: "the rest is cut off; a token is about three quarters of a word",
      seed: "the same seed gives the same result",
    },
    reset: "Use the recommended values",
    rowsAndLabels: (count: number, labels: number) => `${rows(count)}, ${some(labels, "label", "labels")}`,
    rowsWithNumbers: (count: number) => `${rows(count)} with a number`,
    states: {
      starting: "Getting ready …",
      downloading: "Downloading the model (only once)",
      running: "Working …",
      pausing: "Pausing …",
    },
    phases: {
      tokenize: "Reading the texts",
      "encode-validation": "Preparing the validation rows",
      "encode-train": "Preparing the training rows",
      "head-only": "Training the simple model, for comparison",
      train: "Training",
      validate: "Testing",
      "final-fit": "Training on all rows",
    },
    of: (done: number, total: number) => `${n(done)} of ${n(total)}`,
    left: (time: string) => `${time} left`,
    speed: (tokens: number) => `${n(Math.round(tokens))} tokens a second`,
    estimate: (time: string, memory: string) => `Estimate from the first steps: ${time} in all, ${memory} of memory`,
    threads: (count: number) => some(count, "thread", "threads"),
    safe: (step: number) => `Saved up to step ${n(step)}: you can close the tab and continue later`,
    pause: "Pause",
    chart: "Loss (how wrong the model is); lower is better",
    chartMetric: {
      classify: "Correct validation rows; higher is better",
      "multi-label": "Labels found on the validation rows (micro F1); higher is better",
      regress: "Order of the validation rows (Spearman); higher is better",
    } as Readonly<Record<Task, string>>,
    chartTraining: "training rows",
    chartValidation: "validation rows, not trained on",
    chartNow: (training: string, validation: string) =>
      `Loss on the training rows ${training}, on the validation rows ${validation}`,
    measured: {
      classify: (now: string, best: string) => `${now} of the validation rows correct, ${best} at best`,
      "multi-label": (now: string, best: string) => `F1 ${now} on the validation rows, ${best} at best`,
      regress: (now: string, best: string) => `Spearman ${now} on the validation rows, ${best} at best`,
    } as Readonly<Record<Task, (now: string, best: string) => string>>,
    unfinished: (name: string) => `Training on “${name}” is not finished.`,
    unfinishedHint: "It continues from the last saved step. The result is the same as without the break.",
    goOn: "Continue",
    discard: "Delete it",
    failed: "Training stopped.",
    errors: {
      QuotaError:
        "The browser has too little storage for the model. Free some disk space, or delete the data of other sites.",
      MemoryError: "There is not enough memory. Choose fewer rows per step or a shorter longest text under Details.",
      ModelError:
        "The model could not be downloaded. Check the network connection and try again: the download continues where it stopped.",
      UnsupportedError:
        "This browser lacks something that training needs. A current Chrome, Edge, Firefox or Safari has it.",
      WorkerLostError:
        "The browser ended the computation, perhaps because memory ran out. You can continue from the last saved step.",
      ConfigError: "These data or settings do not fit together.",
      FormatError: "A file of the model is damaged. It was deleted. Continue to download it again.",
      AdapterError: "These files are not an adapter for this model.",
      EngineError: "The part that computes did not start, or it failed. Reload the page.",
      NonFiniteError: "The numbers grew too large to compute with. A lower learning rate helps.",
      ShapeError: "A file does not have the shape that the model needs. It is damaged, or made for another model.",
      StaleNodeError: "What this needs is no longer in memory. Reload the page.",
      FederationError: "The server cannot be reached, or it needs something that this tab cannot do.",
      AbortError: "This was cancelled.",
      inUse: "This training runs in another tab.",
      other: "Something unexpected happened.",
    } as Readonly<Record<string, string>>,
    technical: "Technical message",
  },

  judge: {
    heading: "Results",
    nothing: "There are no results yet.",
    nothingHint: "Train first, or load an adapter that you saved.",
    toCome: "What you will see here",
    toComeHere: [
      [
        "How good it is",
        "How many texts it labels correctly that it was not trained on, compared with a guess and with a simple model.",
      ],
      ["Where it is wrong", "Which labels it confuses, with the texts."],
      ["What to fix", "Labels in your table that may be wrong, and rows that you should label next."],
      ["Its answers", "For a sentence of your own, or for a whole file, which you get back with labels."],
    ] as readonly (readonly [string, string])[],
    toTrain: "Go to training",
    toTake: "Load an adapter",
    intro: (count: number) => `Measured once, on ${some(count, "text", "texts")} that were set aside before training.`,
    loaded: "This adapter was loaded. You can try it, but there are no test results for it.",
    largest: "Always the most frequent label",
    largestHint: "a guess that does not read the text",
    untrained: "Before training",
    untrainedHint: "the same model, not trained on your rows yet",
    head: "Simple model",
    headHint: "the unchanged language model; only a small layer on top (the head) is trained",
    adapted: "Adapted model",
    adaptedHint: "the head, and an adapter that changes the language model itself",
    between: (low: string, high: string) => `${low} to ${high}`,
    interval:
      "The share of texts that get the label in your table. Below it, and marked on the bar: the range in which this share most likely lies on other texts like these (95\u00a0%).",
    verdicts: {
      adapter: (points: string) =>
        `The adapter helps: the adapted model is ${points} percentage points better than the simple model, which is more than chance.`,
      rare: (points: string) =>
        `The adapter helps with rare labels: ${points} points more in the average over the labels (macro F1), which is more than chance. Over all texts, the difference may be chance.`,
      ahead: (points: string) =>
        `The adapted model is ${points} percentage points ahead of the simple model, which may be chance. The simple model may be enough.`,
      even: () => "The simple model gets as many texts right as the adapted model. Use the simple model.",
      behind: (points: string) =>
        `The simple model is ${points} percentage points ahead, which may be chance. Use it: the adapter does not help here.`,
      worse: (points: string) =>
        `The simple model is ${points} percentage points better, which is more than chance. Use it: the adapter does harm here.`,
    },
    sureness: (low: string, high: string) =>
      `On other texts like these, the adapter most likely changes the result by ${low} to ${high} points (95\u00a0%).`,
    near: (count: number) =>
      `${some(count, "of these texts is", "of these texts are")} the same as a training text, or nearly. The result looks better than it is.`,
    without: (share: string) => `Without them, ${share} are correct.`,
    few: "With so few texts this is only a rough measurement.",
    guessAsGood: (share: string) =>
      `The most frequent label alone gets ${share} right. It is not certain that the model is better. More rows of the other labels help.`,
    rareLose: (points: string) =>
      `But it is worse on rare labels: ${points} points less in the average over the labels (macro F1).`,
    confusion: "Which labels are confused",
    confusionHint: "Rows: the label in your data. Columns: the model’s label. Choose a number to read its texts.",
    truth: "Your data",
    said: "Model",
    cell: (count: number, label: string, predicted: string) =>
      `${some(count, "text", "texts")} labelled “${label}”, predicted “${predicted}”`,
    texts: (label: string, predicted: string) => `Labelled “${label}”, predicted “${predicted}”`,
    mistakes: "The most frequent mistakes: label in your data → the model’s label. Choose one to read its texts.",
    noMistakes: "The model made no mistakes.",
    doubts: "Labels that may be wrong",
    doubtsHint:
      "A simple model predicts the label of each row without being trained on that row. If it disagrees with your table, one of the two is wrong.",
    stop: "Stop",
    findDoubts: "Look for doubtful labels",
    finding: (share: string) => `Searching … ${share}`,
    noDoubts: "No doubtful labels found.",
    doubtRow: (label: string, predicted: string) => `Labelled “${label}”, predicted “${predicted}”.`,
    odds: (share: string) => `Probability of your label: ${share}`,
    next: "What to label next",
    nextHint: "The rows without a label about which the model is least certain. Their labels improve it the most.",
    findNext: (count: number) => `Look through ${rows(count)} without a label`,
    wavers: (first: string, p: string, second: string, q: string) => `“${first}” ${p}, “${second}” ${q}`,
    labelled: (labels: string) => `In your table its label is now ${labels}.`,
    unlabelled: "In your table it has no label now.",
    edited: "The text of this row was changed.",
    labelOf: "Label",
    bring: "Add texts without labels",
    brought: (count: number) => `${rows(count)} without a label added`,
    accept: (label: string) => `Change to “${label}”`,
    remove: (count: number) => (count === 1 ? "Remove the row" : `Remove ${rows(count)}`),
    mended: (count: number) => (count === 1 ? "The row is changed." : `${rows(count)} are changed.`),
    gone: "This row is no longer in the table.",
    showing: (shown: number, all: number) =>
      shown < all ? `The ${n(shown)} most doubtful of ${n(all)}` : some(all, "row", "rows"),
    parts: "On this page",
    showMore: (count: number) => `Show ${n(count)} more`,
    retrain: (count: number) => `${some(count, "change", "changes")} since this training. Train again to use them.`,
    trainAgain: "Train again",
    tryHeading: "Try a sentence",
    tryLabel: "A sentence of your own",
    tryDo: "Ask",
    asking: "Asking …",
    fitting: "Training the simple model …",
    nearest: "Untrained model",
    nearestHint: "how similar the sentence is to the name of each label",
    headAnswerHint: "a small layer trained on your rows",
    adaptedAnswerHint: "an adapter changes the language model itself",
    fileHeading: "Label a whole file",
    fileHint: "A table with a column of texts. You get it back with two more columns: label and probability.",
    fileChoose: "Choose a file",
    fileColumn: "Text column",
    fileBy: "Model",
    fileDo: (count: number) => `Label ${rows(count)}`,
    filePredicted: "label_predicted",
    fileProbability: "probability",
  },

  project: {
    save: "Save the project",
    open: "Open a project",
    openHint: "a table with its trainings, saved here or elsewhere",
    replaces: (name: string) => `This replaces the table “${name}”. To keep it, save the project first.`,
    opened: "The project is open.",
    problems: {
      notProject: "This file is not a project of the Studio.",
      newer: "This project was saved by a newer Studio.",
      tooLarge: "This project is too large for a web page.",
      damaged: "This project file is damaged.",
    } as Readonly<Record<string, string>>,
  },
};

export type Messages = typeof en;

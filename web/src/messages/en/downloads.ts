import type { Task } from "../../data/target.js";
import { n } from "./numbers.js";

const listed = (labels: readonly string[]) => labels.slice(0, 12).join(", ") + (labels.length > 12 ? " …" : "");

/** The texts in English of the step with the downloads. */
export const downloads = {
  heading: "Download",
  nothing: "There is no trained model yet.",
  nothingHint: "Train one, or load one that you saved.",
  adapter: "Adapted model",
  adapterHint:
    "A zip file with what training added to the model (in the format of PEFT, a Python library), the report, and a model card.",
  head: "Simple model",
  headHint:
    "A zip file with only a small layer, for the unchanged language model. It is smaller, and it is enough if the full training does not help.",
  recommended: "The test recommends it.",
  report: "Report",
  reportHint: "Settings, every step and all results, as JSON.",
  page: {
    titles: {
      classify: "A web page that labels texts",
      "multi-label": "A web page that labels texts",
      regress: "A web page that predicts numbers",
      tokens: "A web page that marks words",
    } as Readonly<Record<Task, string>>,
    hint: (size: string, model: string) =>
      `One HTML file that contains everything, the model too. Open it with a double click; it needs no network. About ${size}. With: ${model}.`,
    intros: {
      classify: (labels) => `Finds the label that fits each line, out of ${n(labels.length)}: ${listed(labels)}.`,
      "multi-label": (labels) => `Finds the labels that fit each line, out of ${n(labels.length)}: ${listed(labels)}.`,
      regress: () => "Predicts a number for each line.",
      tokens: (labels) => `Marks words in each line: ${listed(labels)}.`,
    } as Readonly<Record<Task, (labels: readonly string[]) => string>>,
    label: "A text, or several, one per line",
    go: { classify: "Find labels", "multi-label": "Find labels", regress: "Predict", tokens: "Mark words" } as Readonly<
      Record<Task, string>
    >,
    none: "no label",
    loading: "Getting ready …",
    ready: "Ready.",
    failed: "This browser cannot run this page.",
    licences: "Licences of what this page contains",
    promise: "Everything happens in this page. It has no access to the network, so no text leaves it.",
  },
  project: "The whole project",
  projectHint:
    "The table, the settings, all trainings with their models, and what search, reranker and chat hold, to continue elsewhere.",
  save: "Save",
  preparing: "Preparing …",
  use: "Use it in a program",
  useHint: "Unpack the zip file into a folder named “classifier”.",
  places: { page: "Web page", node: "Node", serve: "Server", python: "Python", edge: "Edge" },
  copy: "Copy",
  copied: "Copied.",
  load: "Load a saved model",
  loadHint: "A zip file that was saved here, or by lowrank elsewhere.",
  loadChoose: "Choose a zip file",
  loaded: (name: string) => `“${name}” is loaded. Try it under Results.`,
  loadProblem: "This zip file is not a classifier for this model.",
  history: "Trainings",
  historyColumns: {
    name: "Data",
    when: "Date",
    rows: "Rows",
    head: "Simple model",
    result: "Adapted model",
    actions: "Actions",
  },
  statuses: { training: "not finished", paused: "paused", finished: "finished", failed: "failed", loaded: "loaded" },
  elsewhere: "in another tab",
  open: "Open",
  shown: "shown",
  forget: "Delete",
  forgetAsk: (name: string) => `Delete the training on “${name}” and its model? This cannot be undone.`,
  noRuns: "No trainings yet.",
};

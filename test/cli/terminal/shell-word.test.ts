import { describe, expect, it } from "vitest";
import type { FinishedRun, Page, RunView } from "../../../ts/cli/reports/run-view.js";
import { runViews } from "../../../ts/cli/reports/views.js";
import { shellPath, shellWord } from "../../../ts/cli/terminal/terminal.js";
import type { TaskName } from "../../../ts/tasks/index.js";
import { shellWords } from "./shell-words.js";

const plain = (text: unknown) => String(text);
const page = { self: "lowrank", colors: { dim: plain, cyan: plain }, width: 80 } as unknown as Page;

const names = [
  "runs/a",
  "my runs/a",
  "it's",
  'say "a"',
  "$HOME",
  "`id`",
  "a\\b",
  "!!",
  "*",
  "~",
  "a;b",
  "-x",
  "--out",
  "",
  "ä b",
];

/** The commands to try after a run, as a shell splits them. */
const commands = (folder: string, task: TaskName, settings: object, result: object = {}) => {
  const run = {
    folder,
    report: { task, settings: { seed: 0, ...settings }, result },
    samples: 0,
    hasGguf: false,
    hasHeadOnly: false,
  };
  const lines = (runViews[task] as RunView).next(run as unknown as FinishedRun, page);
  const place = lines.indexOf("Try next");
  return lines.slice(place + 1).map(shellWords);
};

describe("a word of a command that is printed", () => {
  it.each(names)("%j is one word, and as it was", (name) => {
    expect(shellWords(`a ${shellWord(name)} b`)).toEqual(["a", name, "b"]);
    expect(shellWords(shellPath(name))).toEqual([name.startsWith("-") ? `./${name}` : name]);
  });

  it.each(["my run", "it's $5", '"a"', "-x"])("names the folder %j in every line to be copied", (folder) => {
    const path = folder === "-x" ? "./-x" : folder;
    expect(commands(folder, "classify", { headOnly: false }, { recommended: "adapter" })).toEqual([
      ["lowrank", "predict", "--run", path, "a text of yours"],
      ["lowrank", "inspect", path],
      ["lowrank", "merge", path, "--out", `${path}/merged`],
    ]);
    expect(commands(folder, "classify", { headOnly: true })[1]).toEqual(["lowrank", "evaluate", "--run", path]);
    expect(commands(folder, "tokens", { headOnly: false })).toEqual([
      ["lowrank", "predict", "--run", path, "a text with names in it"],
      ["lowrank", "evaluate", "--run", path, "--data", "other.conll"],
    ]);
    expect(commands(folder, "pairs", {})).toEqual([
      ["lowrank", "embed", "--adapter", path, "a text"],
      ["lowrank", "index", "--adapter", path, "--data", "texts.txt", "--out", "texts.index"],
      ["lowrank", "search", "--index", "texts.index", "a query"],
      ["lowrank", "evaluate", "--run", path, "--data", "other.csv"],
    ]);
    expect(commands(folder, "chat", { task: "chat", model: folder })).toEqual([
      ["lowrank", "chat", "--model", path, "--adapter", path],
      ["lowrank", "serve", "--model", path, "--adapter", path],
      ["lowrank", "inspect", path],
    ]);
  });

  it("is no merge of an adapter that was advised against", () => {
    const recommended = commands("runs/a", "classify", { headOnly: false }, { recommended: "head-only" });
    expect(recommended.map(([, command]) => command)).toEqual(["predict", "inspect"]);
  });
});

import { describe, expect, it } from "vitest";
import { languageNext } from "../../../ts/cli/terminal/language-summary.js";
import { nextLines } from "../../../ts/cli/terminal/run-summary.js";
import { shellPath, shellWord } from "../../../ts/cli/terminal/shell-word.js";
import { tokenNext } from "../../../ts/cli/terminal/token-summary.js";
import type { LanguageReport } from "../../../ts/tasks/language/language-report.js";
import type { TokenReport } from "../../../ts/tasks/tokens/run/token-report.js";
import { shellWords } from "./shell-words.js";

const plain = (text: unknown) => String(text);
const colors = { dim: plain, cyan: plain } as unknown as Parameters<typeof tokenNext>[3];

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

/** The commands of a summary's end, as a shell splits them. */
const commands = (lines: readonly string[]) => {
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
    expect(commands(nextLines("lowrank", folder, [], "adapter", colors))).toEqual([
      ["lowrank", "predict", "--run", path, "a text of yours"],
      ["lowrank", "inspect", path],
      ["lowrank", "merge", path, "--out", `${path}/merged`],
    ]);
    expect(commands(nextLines("lowrank", folder, [], "head", colors))[1]).toEqual([
      "lowrank",
      "evaluate",
      "--run",
      path,
    ]);
    const tokens = { settings: { headOnly: false } } as TokenReport;
    expect(commands(tokenNext("lowrank", folder, tokens, colors))).toEqual([
      ["lowrank", "predict", "--run", path, "a text with names in it"],
      ["lowrank", "evaluate", "--run", path, "--data", "other.conll"],
    ]);
    const language = { settings: { task: "chat", model: folder } } as LanguageReport;
    expect(commands(languageNext("lowrank", folder, language, false, colors))).toEqual([
      ["lowrank", "chat", "--model", path, "--adapter", path],
      ["lowrank", "serve", "--model", path, "--adapter", path],
      ["lowrank", "inspect", path],
    ]);
  });
});

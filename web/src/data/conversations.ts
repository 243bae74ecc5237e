import { decode, encodingOf } from "./decode.js";
import type { Conversations } from "./examples.js";
import { firstPreference, type Preference, preferencesIn, preferencesOf } from "./preferences.js";
import { plainTexts } from "./plain-texts.js";
import { TableProblem } from "./problem.js";
import { answered, asked, named } from "./question-columns.js";
import { readTable } from "./read-table.js";

type Turns = readonly {
  readonly role?: unknown;
  readonly from?: unknown;
  readonly content?: unknown;
  readonly value?: unknown;
}[];

function firstOf(turns: Turns) {
  const said = (role: RegExp) => {
    const turn = turns.find(({ role: name, from }) => role.test(String(name ?? from)));
    return String(turn?.content ?? turn?.value ?? "");
  };
  return { said: said(/^(user|human)$/), answer: said(/^(assistant|gpt)$/) };
}

/** The objects of a JSON Lines file; null if it has none. */
async function objectsIn(file: File): Promise<object[] | null> {
  if (!/\.(jsonl|ndjson|json)$/i.test(file.name)) return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const text = decode(bytes, encodingOf(bytes)).trim();
  const lines = text.startsWith("[") ? null : text.split("\n").filter((line) => line.trim() !== "");
  try {
    const rows = lines === null ? (JSON.parse(text) as object[]) : lines.map((line) => JSON.parse(line) as object);
    return rows.length > 0 && rows.every((row) => typeof row === "object" && row !== null) ? rows : null;
  } catch {
    // The table reader reports the line number.
    return null;
  }
}

/** Characters of a plain text that are shown. */
const SHOWN = 300;

const isTalk = (row: object) => "messages" in row || "conversations" in row;

/** Preferences as training data. Throws `TableProblem` if there are none. */
function preferred(name: string, rows: readonly Preference[]): Conversations {
  const [first, ...others] = rows;
  if (first === undefined) throw new TableProblem("empty");
  return { name, task: "preferences", rows, first: firstPreference([first, ...others]) };
}

/** Plain texts as training data. Throws `TableProblem` if there are none. */
function continued(name: string, texts: readonly string[]): Conversations {
  const [first] = texts;
  if (first === undefined) throw new TableProblem("empty");
  return {
    name,
    task: "text",
    rows: texts.map((text) => ({ text })),
    first: { said: first.slice(0, SHOWN), answer: "" },
  };
}

/**
 * Reads conversations, preferences or plain texts from JSON Lines, or from a table: with a column of questions and a column of answers,
 * with two answers of which one is preferred, or with one column of texts. A file of paragraphs has plain texts too. Throws `TableProblem`.
 * @param converses whether the model has a chat template; without one it is trained to continue texts
 */
export async function readConversations(file: File, converses: boolean): Promise<Conversations> {
  const { name } = file;
  const turns = await objectsIn(file);
  const judged = turns && preferencesOf(turns, converses);
  if (judged !== null) return preferred(name, judged);
  if (turns !== null && turns.every(isTalk)) {
    const { messages, conversations } = turns[0] as { messages?: Turns; conversations?: Turns };
    return { name, task: "chat", rows: turns, first: firstOf(messages ?? conversations ?? []) };
  }
  const table = await readTable(file, {}, 1);
  const { columns, records } = table;
  const found = preferencesIn(table, converses);
  if (found !== null) return preferred(name, found);
  const texts = await plainTexts(file, table);
  if (texts !== null) return continued(name, texts);
  const to = named(columns, answered);
  const question = named(columns, asked, to);
  const [q, a] = question >= 0 && to >= 0 ? [question, to] : [0, 1];
  const pairs = records
    .map((record) => [record[q]!, record[a]!] as const)
    .filter(([q, a]) => q.trim() !== "" && a.trim() !== "");
  if (pairs.length === 0) throw new TableProblem("empty");
  const rows = pairs.map(([said, answer]) =>
    converses
      ? {
          messages: [
            { role: "user", content: said },
            { role: "assistant", content: answer },
          ],
        }
      : { prompt: said, completion: answer },
  );
  return { name, task: converses ? "chat" : "text", rows, first: { said: pairs[0]![0], answer: pairs[0]![1] } };
}

// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { readConversations } from "../../web/src/data/conversations.js";

const jsonLines = (rows: readonly object[]) =>
  new File([rows.map((row) => `${JSON.stringify(row)}\n`).join("")], "rows.jsonl");
const turn = (role: string, content: string) => ({ role, content });

it("a table with a better and a worse answer is one of preferences", async () => {
  const table = new File(["Frage;besser;schlechter\nWhy?; So.; No.\nHow?;Same.;Same.\nWho?;;Me.\n"], "rows.csv");
  const bare = await readConversations(table, false);
  expect(bare).toMatchObject({ name: "rows.csv", task: "preferences" });
  // Equal and missing answers prefer nothing. Without a template, texts stay as they are.
  expect(bare.rows).toEqual([{ prompt: "Why?", chosen: " So.", rejected: " No." }]);
  expect(bare.first).toEqual({ said: "Why?", answer: " So.", rejected: " No." });
  const { rows, first } = await readConversations(table, true);
  expect(rows).toEqual([
    { prompt: [turn("user", "Why?")], chosen: [turn("assistant", " So.")], rejected: [turn("assistant", " No.")] },
  ]);
  expect(first).toEqual(bare.first);
  await expect(readConversations(new File(["chosen,rejected\na,a\n"], "none.csv"), true)).rejects.toMatchObject({
    kind: "empty",
  });
});

it("conversations with two ends are preferences, with or without a prompt of their own", async () => {
  const ends = (prompt: string) => ({
    chosen: [turn("user", prompt), turn("assistant", "So.")],
    rejected: [turn("user", prompt), turn("assistant", "No.")],
  });
  const whole = [ends("Why?"), ends("How?")];
  expect(await readConversations(jsonLines(whole), true)).toMatchObject({
    task: "preferences",
    rows: whole,
    first: { said: "Why?", answer: "So.", rejected: "No." },
  });
  const prompted = [{ question: "Why?", ...ends("Why?"), source: "a" }];
  const { rows, first } = await readConversations(jsonLines(prompted), true);
  expect(rows).toEqual([{ prompt: "Why?", ...ends("Why?") }]);
  expect(first).toEqual({ said: "Why?", answer: "So.", rejected: "No." });
  // Texts in JSON Lines are turns for a model that converses.
  const texts = await readConversations(jsonLines([{ prompt: "Why?", chosen: "So.", rejected: "No." }]), true);
  expect(texts.rows).toEqual([
    { prompt: [turn("user", "Why?")], chosen: [turn("assistant", "So.")], rejected: [turn("assistant", "No.")] },
  ]);
});

it("conversations and questions with answers are read as before", async () => {
  const talk = [{ messages: [turn("user", "Why?"), turn("assistant", "So.")] }];
  expect(await readConversations(jsonLines(talk), true)).toMatchObject({ task: "chat", rows: talk });
  const pairs = await readConversations(new File(["question,answer\nWhy?,So.\n"], "rows.csv"), false);
  expect(pairs).toMatchObject({ task: "text", rows: [{ prompt: "Why?", completion: "So." }] });
});

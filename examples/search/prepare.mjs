// node examples/search/prepare.mjs: the questions and answers of examples/chat as faq.jsonl, a row each.
import { readFileSync, writeFileSync } from "node:fs";

const folder = new URL(".", import.meta.url);
const rows = ["train", "held-out"].flatMap((name) => {
  const lines = readFileSync(new URL(`../chat/${name}.jsonl`, folder), "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const { messages } = JSON.parse(line);
    const [question, answer] = ["user", "assistant"].map((role) => messages.find((message) => message.role === role));
    return { question: question.content, answer: answer.content };
  });
});
const once = [...new Map(rows.map((row) => [row.question, row])).values()];
writeFileSync(new URL("faq.jsonl", folder), once.map((row) => `${JSON.stringify(row)}\n`).join(""));

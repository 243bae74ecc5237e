// node bench/serve/first-token.mjs [--threads 1] [--rounds 8] [--system 500] [--weights Q4_1], after `npm run build`: milliseconds from a
// request to the first piece of its streamed answer, over HTTP from `lowrank serve`, with a system message that earlier requests had
// and with one that none had. Rounds alternate.
import { serveCommand, streamed } from "./command.mjs";
import { median, printTable, readOptions } from "./options.mjs";

const { file, weights, threads, rounds, system } = readOptions({ rounds: 8, system: 500 });
const words = "time year people way day man thing woman life child world school state family student group".split(" ");
/** Of about so many tokens; texts of other seeds differ from the first word on. */
const message = (seed) =>
  [
    `Number ${seed}:`,
    ...Array.from({ length: system - 3 }, (_, i) => words[(i * (1 + (seed % 5))) % words.length]),
  ].join(" ");
const questions = [
  "What is a film?",
  "Who wrote it?",
  "Where is the sea?",
  "How old is the tree?",
  "Why does it rain?",
];

// Room for eight such prompts, of 24 MB each: the default has room for two, and each round asks with another.
const server = await serveCommand(file, ["--threads", String(threads), "--prefix-cache", "256"]);
const ask = (own, i) =>
  streamed(server.url, "chat/completions", {
    messages: [
      { role: "system", content: message(own) },
      { role: "user", content: `${questions[i % questions.length]} ${i}` },
    ],
    max_tokens: 4,
    temperature: 0,
  });
try {
  // Twice: the first request also fetches scripts and compiles.
  for (let i = 0; i < 2; i++) await ask(0, 1000 + i);
  const [known, fresh] = [[], []];
  for (let round = 0; round < rounds; round++) {
    fresh.push(await ask(1 + round, round));
    known.push(await ask(0, round));
  }
  const row = (name, answers) => [
    name,
    median(answers.map(({ prompt }) => prompt)),
    median(answers.map(({ cached }) => cached)),
    ...[median, (all) => Math.min(...all)].map((of) => of(answers.map(({ first }) => first)).toFixed(1)),
  ];
  const share = median(known.map(({ first }, i) => first / fresh[i].first));
  printTable(
    `Time to the first token, ${weights}, ${threads} thread(s), Node ${process.versions.node}: goal ≤ 0.15`,
    ["system message", "tokens of the prompt", "of these cached", "median, ms", "least, ms"],
    [row("new", fresh), row("cached", known), ["cached / new", "", "", share.toFixed(3), ""]],
  );
} finally {
  await server.stop();
}

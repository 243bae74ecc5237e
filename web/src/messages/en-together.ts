import { n, some } from "./en-numbers.js";

/** Federated rounds, in English. */
export const together = {
  heading: "Learn together with others",
  intro:
    "Several people improve one model, and nobody shows their texts. In each round this tab learns a little from your rows and sends what it has learnt, a few hundred kilobytes of numbers; a server averages everyone’s, and the next round begins.",
  invited: "Whoever runs the server gives you its address, or a link that brings you here with it.",
  server: "The server’s address",
  serverHint: "a path of this site, or https://…",
  noAddress: "This is no address.",
  noTable: "First it needs something to learn from.",
  noTableHint: "Open a table of sentences and labels, with the labels that the others use.",
  toData: "Go to the data",
  learnsFrom: (count: number, name: string) => `It learns from ${some(count, "row", "rows")} of “${name}”.`,
  labels: (labels: readonly string[]) => `Labels: ${labels.join(", ")}`,
  leaves:
    "What was learnt is made of your texts and may tell something of them. Ask whoever runs the server whether noise is added.",
  join: "Join",
  leave: "Leave",
  states: {
    model: "Fetching the model …",
    joining: "Joining …",
    waiting: "Waiting for the others …",
    learning: "Learning from your rows …",
    leaving: "Leaving …",
  },
  stay: "Keep this tab open: rounds begin when enough others are there.",
  step: (done: number, steps: number) => `step ${n(done)} of ${n(steps)}`,
  traffic: (sent: string, received: string) => `${sent} sent, ${received} received`,
  kilobytes: (bytes: number) => `${n(Math.round(bytes / 1e3))} kB`,
  rounds: "Rounds",
  columns: { round: "Round", loss: "Loss on your rows", state: "Your part" },
  round: (round: number, rounds: number) => `${n(round)} of ${n(rounds)}`,
  roundNow: (round: number, rounds: number) => `round ${n(round)} of ${n(rounds)}`,
  parts: { learning: "learning", sending: "being sent", taken: "counted", late: "came too late" },
  over: (taken: number) =>
    taken === 0
      ? "You left before a round was over."
      : `Done: ${some(taken, "round was", "rounds were")} learnt together.`,
  overHint:
    "The server has the average of everyone’s last round. What this tab made of it in its own last round you can use here.",
  use: "Judge it and take it away",
  runName: "learnt together",
  failed: "It ended before the last round.",
  again: "Join again",
};

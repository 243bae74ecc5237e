import { kilobytes, n, some } from "./numbers.js";

/** The texts of federated rounds in English. */
export const together = {
  heading: "Train together with others",
  intro:
    "Several people train one model, and nobody shows their texts. In each round this tab trains on your rows and sends the result, a few hundred kilobytes of numbers. A server averages the results of all, and the next round starts.",
  invited: "The person who runs the server gives you its address, or a link to this page that contains it.",
  sameModel: (name: string) => `Everyone who takes part needs the same model; here it is ${name}.`,
  server: "Address of the server",
  serverHint: "a path of this site, or https://…",
  noAddress: "This is not an address.",
  noTable: "First open a table to train on.",
  otherTask: "Training with others needs a table with one label per text.",
  noTableHint: "You need a table of texts and labels, with the same labels as the others.",
  toData: "Go to the data",
  trainingRows: (count: number, name: string) => `Training uses ${some(count, "row", "rows")} of “${name}”.`,
  labels: (labels: readonly string[]) => `Labels: ${labels.join(", ")}`,
  leaves:
    "What is sent comes from training on your texts and may reveal something about them. Ask the person who runs the server whether noise is added to prevent this.",
  join: "Join",
  leave: "Leave",
  states: {
    model: "Downloading the model …",
    joining: "Joining …",
    waiting: "Waiting for the others …",
    learning: "Training on your rows …",
    leaving: "Leaving …",
  },
  stay: "Keep this tab open. A round starts when enough people have joined.",
  step: (done: number, steps: number) => `step ${n(done)} of ${n(steps)}`,
  traffic: (sent: string, received: string) => `${sent} sent, ${received} received`,
  kilobytes,
  rounds: "Rounds",
  columns: { round: "Round", loss: "Loss on your rows", state: "Your result" },
  round: (round: number, rounds: number) => `${n(round)} of ${n(rounds)}`,
  roundNow: (round: number, rounds: number) => `round ${n(round)} of ${n(rounds)}`,
  parts: { learning: "training", sending: "being sent", taken: "counted", late: "too late" },
  over: (taken: number) =>
    taken === 0
      ? "You left before the first round ended."
      : `Done: your results counted in ${some(taken, "round", "rounds")}.`,
  overHint: "The server has the average of the last round. Here you can use this tab’s own result of its last round.",
  use: "Try it and download it",
  runName: "trained together",
  failed: "The training ended before the last round.",
  again: "Join again",
};

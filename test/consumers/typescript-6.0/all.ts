import { type SentenceEncoder, TextClassifier } from "lowrank";

// Declarations are checked as strictly as the project is: every entry's.
export * as graph from "lowrank/graph";
export * as inline from "lowrank/inline";
export * as jobs from "lowrank/jobs";
export * as serve from "lowrank/serve";
export * as worker from "lowrank/worker";

/** Arrows that assign give what they assign. */
export async function learn(encoder: SentenceEncoder, shown: { text: string }) {
  const classifier = TextClassifier.create(encoder, { labels: ["question", "statement"] });
  const examples = [{ text: "where is it", label: "question" }];
  const answers: ("question" | "statement")[] = (await classifier.predict(["where is it"])).map(({ label }) => label);
  await classifier.fit(examples, { steps: 1, onProgress: ({ step }) => (shown.text = `step ${step + 1}`) });
  return answers;
}

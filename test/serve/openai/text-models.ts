import { CrossEncoder, SentenceEncoder, TextClassifier } from "../../../ts/index.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

/** Random values, for an adapter or head that changes what it is applied to. */
const changed = { initLoraWeights: false, alpha: 60 } as const;

/** A tiny encoder with prompts and two adapters, a cross-encoder and classifiers of one and of several labels a text on others of its kind. */
export async function textModels() {
  const settings = { prompts: { query: "the good ", document: "the bad " } };
  const files = {
    ...(await tinyEncoder()),
    "config_sentence_transformers.json": new TextEncoder().encode(JSON.stringify(settings)),
  };
  const encoder = await SentenceEncoder.load(files);
  encoder.addAdapter("plain", { rank: 2, ...changed });
  encoder.addAdapter("dora", { rank: 3, ...changed, dora: true });
  encoder.setAdapter("dora");
  const second = await SentenceEncoder.load(files);
  const order = CrossEncoder.create(second, { lora: { rank: 2, ...changed } });
  const entails = CrossEncoder.create(second, { labels: 3, adapter: "three", lora: { rank: 2, ...changed } });
  const mood = TextClassifier.create(encoder, {
    labels: ["good", "bad", "fine"],
    adapter: "mood",
    lora: { rank: 2, ...changed },
  });
  const topics = TextClassifier.create(second, { labels: ["film", "music"], multiLabel: true, adapter: "topics" });
  const dispose = () => [encoder, second].forEach((one) => one.dispose());
  return { encoder, order, entails, mood, topics, dispose };
}

/** Texts of several lengths. */
export const texts = Array.from({ length: 24 }, (_, i) =>
  Array.from(
    { length: 1 + ((7 * i) % 11) },
    (__, j) => ["the", "film", "was", "very", "good", "bad"][(i + j) % 6]!,
  ).join(" "),
);

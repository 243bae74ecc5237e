import type { FileMap } from "../../ts/io/file-access.js";
import type { LoraOptions } from "../../ts/adapters/lora-options.js";
import { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { Philox } from "../../ts/nn/random.js";
import { TextClassifier } from "../../ts/tasks/classify/text-classifier.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

/** Texts of different lengths. */
export const texts = examples.map(({ text }, i) => (i % 3 === 0 ? `${text} ${text}` : text)).concat("", "good");

/** Several kinds of adapters: ranks, targets, DoRA, a head alone. */
const kinds: readonly (LoraOptions | null)[] = [
  { rank: 2 },
  { rank: 8, targetModules: ["query", "value"] },
  { rank: 4, dora: true },
  null,
  { rank: 1, targetModules: "all-linear", rslora: true },
];

const labels = ["good", "bad", "neither", "both"];

export const tiny = async () => SentenceEncoder.load(await tinyEncoder(), { seed: 3 });

/** Files of a classifier by its number: random values throughout, so that no two give the same answers. */
export function classifierFiles(encoder: SentenceEncoder, number: number): FileMap {
  const lora = kinds[number % kinds.length]!;
  const name = `made ${number}`;
  using classifier = TextClassifier.create(encoder, {
    adapter: name,
    lora,
    labels: labels.slice(0, 2 + (number % 3)),
  });
  const random = new Philox(number, 7);
  for (const param of classifier.params()) {
    const { shape, data } = encoder.graph.value(param);
    encoder.graph.setValue(param, { shape, data: data.map(() => random.uniform() - 0.5) });
  }
  return classifier.save();
}

/** A store of that many tenants, `tenant-0` and so on, with one version each. */
export function tenants(encoder: SentenceEncoder, count: number) {
  const files = Array.from({ length: count }, (_, i) => classifierFiles(encoder, i));
  const reads: string[] = [];
  const numberOf = (tenant: string) => Number(/^tenant-(\d+)$/.exec(tenant)?.[1] ?? -1);
  return {
    files,
    reads,
    store: {
      files: async (tenant: string, version: string) => {
        reads.push(`${tenant}/${version}`);
        return version === "v1" ? (files[numberOf(tenant)] ?? null) : null;
      },
      current: (tenant: string) => (numberOf(tenant) in files ? "v1" : null),
    },
  };
}

/** What classifier number `i` says, as an answer has it, asked by itself. */
export async function expected(encoder: SentenceEncoder, files: FileMap, asked: readonly string[]) {
  using classifier = TextClassifier.load(encoder, files, { adapter: `asked ${Math.random()}` });
  const answers = await classifier.predict(asked);
  return answers.map(({ label, probability, probabilities }) => ({ label, probability, probabilities }));
}

/** A request as a client sends it. */
export const post = (path: string, body: unknown, init: RequestInit = {}) =>
  new Request(`http://localhost${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });

import { HeadOnlyTask, type VectorExample } from "../../../../ts/entry/graph.js";
import {
  type Checkpoint,
  ClassificationHead,
  engineInfo,
  fit,
  SentenceEncoder,
  TextClassifier,
} from "../../../../ts/index.js";
import { tinyEncoder } from "../../../models/tiny-encoder.js";
import type { Ground } from "../refusals.js";

/** An encoder with two adapters, a classifier of one of them, and a head by itself. */
export interface ModelScene {
  readonly encoder: SentenceEncoder;
  readonly classifier: TextClassifier;
  readonly head: ClassificationHead;
  readonly task: HeadOnlyTask;
}

export const files = await tinyEncoder();
const lora = { rank: 1, targetModules: ["query"] };

async function make(): Promise<ModelScene> {
  const encoder = await SentenceEncoder.load(files, { seed: 3 });
  encoder.addAdapter("plain", lora);
  const classifier = TextClassifier.create(encoder, { labels: ["bad", "good"], lora, adapter: "own" });
  const head = ClassificationHead.create(encoder.graph, 4, 2);
  // What a first call makes and keeps is no change later: packed weights, chunks of memory.
  encoder.graph.reserve(4 * 1024 * 1024);
  await encoder.encode(["a film"], { adapter: "plain" });
  return { encoder, classifier, head, task: new HeadOnlyTask(head) };
}

export const ground: Ground<ModelScene> = {
  make,
  state: ({ encoder, classifier, head }) => {
    const { graph } = encoder;
    const params = [...encoder.adapter("plain").params(), ...classifier.params(), ...head.params()];
    return JSON.stringify({
      adapters: encoder.adapters().map((known) => ({ ...known, scale: encoder.adapter(known.name).scale })),
      used: engineInfo().memory.used,
      mode: [graph.training, graph.streamsDrawn, graph.nodes.length],
      values: params.map((id) => graph.value(id).data.join()),
    });
  },
  end: ({ encoder }) => encoder.dispose(),
};

export const vectors: readonly VectorExample[] = [0, 1, 1, 0].map((target, i) => ({
  vector: Float32Array.of(target, i, 1, 0.5),
  target,
}));

async function checkpointOf(): Promise<Checkpoint> {
  const { task, encoder } = await make();
  let last: Checkpoint | undefined;
  const save = (made: Checkpoint) => void (last = made);
  await fit(task, vectors, { steps: 1, batchSize: 2, checkpoint: { every: 1, save } });
  encoder.dispose();
  return last!;
}

/** Of a step on the head. */
export const checkpoint = await checkpointOf();

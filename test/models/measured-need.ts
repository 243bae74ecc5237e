import { embedderFiles, embedderJson, type EmbedderName, embedderNames } from "./golden-embedder.js";
import { encoderJson, goldenEncoder } from "./golden-encoder.js";
import { type LoraOptions, SentenceEncoder, TextClassifier, writeSafetensors } from "../../ts/index.js";
import type { Graph } from "../../ts/graph/graph.js";
import { modelPlan } from "../../ts/models/architectures.js";
import { ownEngine } from "./own-engine.js";

/** Sizes at which activations are most of a step, whatever the architecture calls them. */
const SIZES: Record<string, unknown> = {
  hidden_size: 96,
  intermediate_size: 288,
  num_attention_heads: 4,
  num_hidden_layers: 4,
  dim: 96,
  hidden_dim: 288,
  n_heads: 4,
  n_layers: 4,
  embedding_size: 48,
  pooler_hidden_size: 96,
  head_dim: 24,
  layer_types: ["full_attention", "sliding_attention", "full_attention", "sliding_attention"],
};

/** Files of an embedder without its Dense layers, whose sizes are its own. */
async function withoutModules(name: EmbedderName) {
  const files = Object.entries(await embedderFiles(name));
  return Object.fromEntries(files.filter(([file]) => !/^(\d_\w+\/|modules)/.test(file)));
}

/** A golden encoder's files and config.json with these sizes, and small weights of no meaning. */
export async function largerEncoder(name: string) {
  const isEmbedder = embedderNames.includes(name as EmbedderName);
  const given = await (isEmbedder
    ? embedderJson<Record<string, unknown>>(name as EmbedderName, "config.json")
    : encoderJson<Record<string, unknown>>(name, "config.json"));
  const changed = Object.keys(given).map((key) => [key, SIZES[key] ?? given[key]] as const);
  const config = Object.fromEntries(changed) as Record<string, unknown>;
  const plan = await modelPlan(config);
  const tensors = new Map(
    [...plan.tensors()].map(({ name: tensor, shape }) => {
      const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
      for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 101) / 1000 - 0.05;
      return [tensor, { shape, data }] as const;
    }),
  );
  const files = {
    ...(isEmbedder ? await withoutModules(name as EmbedderName) : await goldenEncoder(name)),
    "config.json": new TextEncoder().encode(JSON.stringify(config)),
    "model.safetensors": writeSafetensors(tensors),
  };
  return { files, config };
}

/** Bytes of the arena that were in use at most while `body` ran. */
function tapePeak(graph: Graph, body: () => void): number {
  const { arena } = graph as unknown as { readonly arena: Arena };
  const allocate = arena.allocate.bind(arena);
  let peak = 0;
  arena.allocate = (elements) => {
    const pointer = allocate(elements);
    const before = arena.chunks.slice(0, arena.chunk).reduce((sum, { size }) => sum + size, 0);
    peak = Math.max(peak, before + arena.offset);
    return pointer;
  };
  try {
    body();
  } finally {
    arena.allocate = allocate;
  }
  return peak;
}

interface Arena {
  allocate(elements: number): number;
  readonly chunks: readonly { readonly size: number }[];
  readonly chunk: number;
  readonly offset: number;
}

/**
 * Linear memory that training takes: of the tape at most, and in all. Measured on a step that reserves nothing beforehand, for what is
 * reserved is the estimate.
 */
export async function measuredNeed(name: string, lora: LoraOptions, checkpointing: boolean, texts: readonly string[]) {
  await using engine = await ownEngine();
  const before = engine.info.memory.used;
  const { files, config } = await largerEncoder(name);
  using encoder = await SentenceEncoder.load(files, { engine });
  const classifier = TextClassifier.create(encoder, { labels: ["a", "b"], lora });
  const { graph } = classifier;
  graph.train();
  const examples = encoder.tokenize([...texts]).map((ids, i) => ({ ids, target: i % 2 }));
  const step = () =>
    graph.step(() => {
      graph.backward(classifier.loss(examples, { checkpointing }).sum);
    });
  const tape = tapePeak(graph, step);
  const { chunks } = (graph as unknown as { readonly arena: Arena }).arena;
  const owned = engine.info.memory.used - before - chunks.reduce((sum, { size }) => sum + size, 0);
  const moments = 2 * 4 * classifier.params().reduce((sum, id) => sum + graph.value(id).data.length, 0);
  const foretold = classifier.memory(examples, { checkpointing });
  const tokens = examples.reduce((sum, { ids }) => sum + ids.length, 0);
  return { tape, total: owned + moments + tape, foretold, tokens, config };
}

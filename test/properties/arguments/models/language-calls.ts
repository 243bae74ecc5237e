import { CausalLanguageModel, engineInfo, type FileMap } from "../../../../ts/index.js";
import { changedJson, decoderFiles } from "../../../models/language/golden-decoder.js";
import type { Call, Ground } from "../refusals.js";

/** A language model with an adapter. */
export interface LanguageScene {
  readonly model: CausalLanguageModel;
}

type LanguageCall = Call<LanguageScene>;
type Methods<T> = Extract<{ [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T], string>;

/** With few positions, so that a generation that nothing else ends is short. */
const files = {
  ...changedJson(await decoderFiles("qwen2"), "config.json", { max_position_embeddings: 20 }),
  "chat_template.jinja": new TextEncoder().encode(
    "{{ messages[0].content }}{% if tools %}{{ tools[0].name }}{% endif %}",
  ),
};

const gguf = await (async () => {
  using model = await CausalLanguageModel.load(files);
  model.addAdapter("own", { rank: 1 });
  return await model.saveGguf("own");
})();

export const languageGround: Ground<LanguageScene> = {
  async make() {
    const model = await CausalLanguageModel.load(files, { seed: 3 });
    model.addAdapter("plain", { rank: 1 });
    // What a first call makes and keeps is no change later.
    model.graph.reserve(4 * 1024 * 1024);
    for await (const _ of model.generate("a", { maxTokens: 2 })) void _;
    await model.logits([5, 6]);
    return { model };
  },
  state({ model }) {
    const { graph } = model;
    return JSON.stringify({
      adapters: model.adapters().map((known) => ({ ...known, scale: model.adapter(known.name).scale })),
      used: engineInfo().memory.used,
      mode: [graph.training, graph.streamsDrawn, graph.nodes.length],
      values: model
        .adapter("plain")
        .params()
        .map((id) => graph.value(id).data.join()),
    });
  },
  end: ({ model }) => model.dispose(),
};

const on = (name: Methods<CausalLanguageModel>, args: LanguageCall["args"]): LanguageCall => ({
  args,
  run: ({ model }, ...given) => (model[name] as (...args: unknown[]) => unknown)(...given),
});
const signal = () => new AbortController().signal;

/** A generation to its end. */
const generated = (name: "generate" | "generateTokens", prompt: () => unknown): LanguageCall => ({
  args: () => [
    prompt(),
    {
      adapter: "plain",
      signal: signal(),
      maxTokens: 2,
      temperature: 0.5,
      topK: 9,
      topP: 0.9,
      minP: 0.1,
      logProbabilities: false,
      repetitionPenalty: 1.1,
      stop: ["stop"],
      seed: 1,
      ignoreEnd: true,
    },
  ],
  async run({ model }, ...args) {
    for await (const _ of model[name](...(args as [never, never]))) void _;
  },
});

/** Ends a training after two steps, however many were asked for. */
function training(last = 0) {
  const controller = new AbortController();
  const onProgress = ({ step }: { step: number }) => void (step > last && controller.abort());
  return { steps: 2, batchSize: 2, adapter: "plain", checkpointing: true, signal: controller.signal, onProgress };
}

/** Right arguments of every method of a language model. One without a row does not compile. */
export const languageCalls: Record<Methods<CausalLanguageModel> | Methods<typeof CausalLanguageModel>, LanguageCall[]> =
  {
    adapter: [on("adapter", () => ["plain"])],
    adapters: [on("adapters", () => [])],
    addAdapter: [on("addAdapter", () => ["new", { rank: 1, alpha: 2, targetModules: ["q_proj"] }])],
    addWeightedAdapter: [
      on("addWeightedAdapter", () => ["new", { adapters: ["plain"], weights: [0.5], combinationType: "cat" }]),
    ],
    applyChatTemplate: [
      on("applyChatTemplate", () => [
        [{ role: "user", content: "a film" }],
        { addGenerationPrompt: true, tools: [{ name: "price" }], variables: { quietly: true } },
      ]),
    ],
    dispose: [on("dispose", () => [])],
    estimateMemory: [
      {
        args: () => [
          JSON.parse(new TextDecoder().decode((files as FileMap)["config.json"])),
          { tokens: 9, lora: { rank: 2 }, weights: "q4", packedCopies: 0, checkpointing: true, layers: 1 },
        ],
        run: (_, ...args) => CausalLanguageModel.estimateMemory(...(args as [never, never])),
      },
    ],
    evaluate: [
      on("evaluate", () => [
        [{ ids: [5, 6, 7], mask: [0, 1, true] }],
        { adapter: "plain", signal: signal(), onProgress: () => undefined, maxTokens: 9 },
      ]),
    ],
    fitPreferences: [
      on("fitPreferences", () => [
        [{ prompt: "a film", chosen: " is good", rejected: " is bad" }],
        { ...training(), beta: 0.2, maxTokens: 9, layers: 1 },
      ]),
      on("fitPreferences", () => [
        [{ chosen: "a film is good", rejected: "a film is bad" }],
        { ...training(), loss: "simpo", simpoGamma: 0.2, labelSmoothing: 0.1 },
      ]),
      on("fitPreferences", () => [
        [
          { prompt: "a film", completion: " is good", label: true },
          { prompt: "a film", completion: " is bad", label: false },
        ],
        { ...training(), loss: "kto", desirableWeight: 1, undesirableWeight: 2 },
      ]),
    ],
    fit: [
      on("fit", () => [[{ ids: [5, 6, 7], mask: [0, 1, true] }], training()]),
      on("fit", () => [[{ prompt: "a film", completion: " is good" }], training()]),
      on("fit", () => [
        [{ said: "a film" }],
        {
          ...training(1),
          fields: { text: "said" },
          maxTokens: 9,
          layers: 1,
          loraPlusRatio: 2,
          validation: [{ said: "good" }],
        },
      ]),
    ],
    generate: [
      generated("generate", () => "a film"),
      generated("generate", () => [5, 6]),
      generated("generate", () => [{ role: "user", content: "a film" }]),
    ],
    generateBatch: [
      {
        args: () => [
          [
            { prompt: [5, 6], adapter: "plain", maxTokens: 2 },
            { prompt: "a film", maxTokens: 1 },
          ],
          { signal: signal() },
        ],
        async run({ model }, ...args) {
          for await (const _ of model.generateBatch(...(args as [never, never]))) void _;
        },
      },
    ],
    generateTokens: [generated("generateTokens", () => [5, 6])],
    hotswapAdapter: [
      on("hotswapAdapter", ({ model }) => ["plain", { ...model.saveAdapter("plain") }, { allowNonFinite: true }]),
    ],
    load: [
      {
        args: () => [
          { ...files },
          {
            seed: 1,
            weights: "f16",
            packedCopies: 1,
            allowNonFinite: true,
            cache: "f16",
            signal: signal(),
            onProgress: () => undefined,
          },
        ],
        run: async (_, ...args) => (await CausalLanguageModel.load(...(args as [never, never]))).dispose(),
      },
    ],
    loadGguf: [on("loadGguf", () => ["new", gguf])],
    saveGguf: [on("saveGguf", () => ["plain"])],
    loadAdapter: [
      on("loadAdapter", ({ model }) => ["new", { ...model.saveAdapter("plain") }, { allowNonFinite: true }]),
    ],
    perplexity: [
      on("perplexity", () => [["a film", [5, 6, 7]], { adapter: "plain", signal: signal(), window: 8, stride: 4 }]),
    ],
    chat: [
      on("chat", () => [
        [{ role: "user", content: "a film" }],
        {
          adapter: "plain",
          signal: signal(),
          maxTokens: 2,
          toolChoice: "none",
          parallelToolCalls: false,
          tools: [{ type: "function", function: { name: "price", parameters: { type: "object", properties: {} } } }],
        },
      ]),
    ],
    score: [
      on("score", () => ["a film", [" is good", " is bad"], { adapter: "plain", signal: signal() }]),
      on("score", () => [[5, 6], [[7, 8]]]),
    ],
    session: [
      {
        args: () => [],
        run: ({ model }, ...args) => model.session(...(args as [])).dispose(),
      },
    ],
    logits: [on("logits", () => [[5, 6, 7], { adapter: "plain", signal: signal() }])],
    mergeAdapter: [on("mergeAdapter", () => ["plain"])],
    removeAdapter: [on("removeAdapter", () => ["plain"])],
    renameAdapter: [on("renameAdapter", () => ["plain", "other"])],
    saveAdapter: [on("saveAdapter", () => ["plain"])],
    scaleAdapter: [on("scaleAdapter", () => ["plain", 0.5])],
    setAdapter: [on("setAdapter", () => ["plain"])],
    trainableParams: [on("trainableParams", () => [])],
    unmergeAdapter: [
      on("unmergeAdapter", ({ model }) => {
        if (!model.adapters()[0]!.merged) model.mergeAdapter("plain");
        return ["plain"];
      }),
    ],
  };

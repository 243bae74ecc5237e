import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CausalLanguageModel, ConfigError, ModelError } from "../../../../ts/index.js";
import {
  type ChatWriter,
  takeLanguageExamples,
  writtenTurns,
} from "../../../../ts/models/language/training/training-examples.js";
import type { Turn } from "../../../../ts/models/language/training/example-formats.js";
import { preferenceReader, preparePreference } from "../../../../ts/models/language/training/preference-rows.js";
import { promptIds, readPrompt } from "../../../../ts/models/language/prompts.js";
import { signs, templatedModel, templateOf } from "../tool-templates.js";
import { decoderFiles } from "../golden-decoder.js";

const template = (write: (messages: readonly Turn[], prompt: boolean) => string): ChatWriter => ({
  textWithoutTools: (_, messages, { addGenerationPrompt }) => write(messages, addGenerationPrompt),
  textWithTools: (_, messages, tools, { addGenerationPrompt }) =>
    `${JSON.stringify(tools)}\n${write(messages, addGenerationPrompt)}`,
});
const said = (turn: Turn) => String(turn.content).trim();

/** ChatML. */
const plain = template(
  (messages, prompt) =>
    messages.map((turn) => `<|${turn.role}|>\n${said(turn)}<end>\n`).join("") + (prompt ? "<|assistant|>\n" : ""),
);
/** An answer begins with a thought, which only the prompt has. */
const thinking = template((messages, prompt) => plain.textWithoutTools("", messages, { addGenerationPrompt: prompt }) + (prompt ? "<think>\n" : "")); // prettier-ignore
/** The last answer alone has an empty thought: no text is the beginning of another. */
const lastThought = template(
  (messages, prompt) =>
    messages
      .map((turn, i) => {
        const thought = turn.role === "assistant" && i === messages.length - 1 ? "<think></think>\n" : "";
        return `<|${turn.role}|>\n${thought}${said(turn)}<end>\n`;
      })
      .join("") + (prompt ? "<|assistant|>\n" : ""),
);
/** Takes nothing but turns of user and assistant, one after the other. */
const strict = template((messages, prompt) => {
  if (messages.some(({ role }, i) => role !== (i % 2 === 0 ? "user" : "assistant"))) throw new ModelError("no");
  return plain.textWithoutTools("", messages, { addGenerationPrompt: prompt });
});

const chat = [
  { role: "user", content: "hi" },
  { role: "assistant", content: " a hello<end>" },
  { role: "user", content: "a hello<end>" },
  { role: "assistant", content: "<think>bye" },
];

const learnt = (writer: ChatWriter, messages: readonly Turn[] = chat) => {
  const { text, spans } = writtenTurns("fit", 3, writer, messages);
  return spans.map(({ start, end }) => text.slice(start, end));
};

describe("writtenTurns", () => {
  it("gives what the assistant says, and what ends it", () => {
    expect(learnt(plain)).toEqual(["a hello<end><end>\n", "<think>bye<end>\n"]);
    expect(learnt(strict)).toEqual(["a hello<end><end>\n", "<think>bye<end>\n"]);
  });

  it("so also where the prompt is no beginning of the conversation", () => {
    const answers = chat.map((turn) => ({ ...turn, content: turn.content.replace("<think>", "") }));
    expect(learnt(thinking, answers)).toEqual(["a hello<end><end>\n", "bye<end>\n"]);
  });

  it("so also where a turn is written in another way once others follow", () => {
    expect(learnt(lastThought)).toEqual(["a hello<end><end>\n", "<think></think>\n<think>bye<end>\n"]);
  });

  it("begins with the assistant where the template lets it", () => {
    expect(learnt(plain, [{ role: "assistant", content: "hi" }])).toEqual(["hi<end>\n"]);
  });

  it.each<[string, ChatWriter, readonly Turn[], RegExp]>([
    [
      "nobody who answers",
      plain,
      [{ role: "user", content: "hi" }],
      /example 3: no turn is the assistant's.*: roles are \["user"\]/,
    ],
    ["a template that leaves answers out", template(() => "a"), chat, /example 3: turn 1 cannot be found/],
    ["too many turns", plain, new Array<Turn>(513).fill(chat[1]!), /example 3: it has 513 turns; 512 are taken/],
  ])("refuses %s", (_, writer, messages, message) => {
    expect(() => writtenTurns("fit", 3, writer, messages)).toThrow(ConfigError);
    expect(() => writtenTurns("fit", 3, writer, messages)).toThrow(message);
  });
});

describe("conversations", () => {
  let model: CausalLanguageModel;
  beforeAll(async () => {
    model = await CausalLanguageModel.load(await decoderFiles("llama"));
  });
  afterAll(() => model?.dispose());

  const parts = (chatTemplate: ChatWriter | null) => ({
    model: model.model,
    tokenizer: model.tokenizer,
    ends: model.ends,
    chatTemplate,
  });
  const learntText = (example: unknown, writer: ChatWriter | null = plain) => {
    const { ids, targets } = takeLanguageExamples("fit", parts(writer), [example as never])[0]!;
    const spell = (list: readonly number[]) => list.map((id) => model.tokenizer!.spelled(id)!.text).join("").replaceAll("Ġ", " ").replaceAll("Ċ", "\n"); // prettier-ignore
    return [spell([...ids]), spell(targets.map((target) => ids[target]!))];
  };

  it("learns the assistant's turns alone", () => {
    const messages = [
      { role: "user", content: "a good film" },
      { role: "assistant", content: "so it is" },
    ];
    const [all, targets] = learntText({ messages });
    expect(all).toBe("<|user|>\na good film<end>\n<|assistant|>\nso it is<end>\n");
    expect(targets).toBe("so it is<end>\n");
    const conversations = [
      { from: "human", value: "a good film" },
      { from: "gpt", value: "so it is" },
    ];
    expect(learntText({ conversations })).toEqual([all, targets]);
    expect(learntText({ instruction: "a good", input: "film", output: "so it is" })[0]).toBe(
      "<|user|>\na good\n\nfilm<end>\n<|assistant|>\nso it is<end>\n",
    );
  });

  it("learns nothing behind the token that ends a turn", () => {
    const end = model.tokenizer!.spelled([...model.ends][0]!)!.text;
    const ended = template((messages, prompt) => plain.textWithoutTools("", messages, { addGenerationPrompt: prompt }).replaceAll("<end>", end)); // prettier-ignore
    const [, targets] = learntText({ messages: chat }, ended);
    expect(targets).toBe(`a hello${end}${end}<think>bye${end}`);
  });

  it("names what is missing", () => {
    const examples = [{ messages: chat }] as never[];
    expect(() => takeLanguageExamples("fit", parts(null), examples)).toThrow(
      /example 0: this model has no chat template/,
    );
    const broken = [{ messages: [{ role: 3 }] }] as never[];
    expect(() => takeLanguageExamples("fit", parts(plain), broken)).toThrow(/example 0: messages is a list of \{ role/);
  });
});

it("earlier calls of functions are written for training and for a preferred answer as generation writes them", async () => {
  // Without a word of functions, and it fails for the role "tool".
  const source =
    "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no') }}{% endif %}" +
    "<{{ m.role[0] }}>{{ m.content }}</>{% endfor %}{% if add_generation_prompt %}<a>{% endif %}";
  using model = await templatedModel(source);
  const call = { type: "function", id: "1", function: { name: "f", arguments: '{"x":1}' } };
  const prompt = [
    { role: "user", content: "a?" },
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", tool_call_id: "1", content: "2" },
  ];
  const answer = { role: "assistant", content: "a good" };
  const generated = promptIds(model, "generate", prompt);
  const [example] = takeLanguageExamples("fit", model, [{ messages: [...prompt, answer] }]);
  expect([...example!.ids.subarray(0, generated.length)]).toEqual([...generated]);
  // The answer, and before it the call, whose turn is the assistant's.
  expect(example!.targets.filter((target) => target >= generated.length).length).toBe(
    example!.ids.length - generated.length,
  );
  expect(example!.targets[0]).toBeLessThan(generated.length);
  const pair = { prompt, chosen: [answer], rejected: [{ ...answer, content: "no" }] };
  const [read] = preferenceReader("fitPreferences", false)(pair, 0);
  const { answers } = preparePreference("fitPreferences", 0, model, read!, null);
  expect(answers.map(({ ids }) => [...ids.subarray(0, generated.length)])).toEqual([[...generated], [...generated]]);
  expect(answers.map(({ targets }) => targets[0])).toEqual([generated.length, generated.length]);
});

describe("functions of a conversation", () => {
  const tools = [
    {
      type: "function",
      function: { name: "get", description: "a film", parameters: { type: "object", properties: {} } },
    },
  ] as const;
  const call = { type: "function", id: "1", function: { name: "get", arguments: '{"x":1}' } };
  const prompt = [
    { role: "user", content: "a?" },
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", tool_call_id: "1", content: "2" },
  ];
  const messages = [...prompt, { role: "assistant", content: "a good" }];

  it.each([
    ["a template that writes them", templateOf(signs.hermes)],
    ["a template that knows none", templateOf("").replace("{% if tools %}", "{% if false %}")],
  ])("are written for training as generation writes them: %s", async (_, source) => {
    using model = await templatedModel(source);
    const taken = (example: object) => takeLanguageExamples("fit", model, [{ messages, ...example }])[0]!;
    const generated = readPrompt(model, "chat", prompt, { tools }).ids;
    const { ids, targets } = taken({ tools });
    expect([...ids.subarray(0, generated.length)]).toEqual([...generated]);
    // The answer and the call before it; nothing of the functions.
    expect(targets.filter((target) => target >= generated.length).length).toBe(ids.length - generated.length);
    const without = taken({});
    expect(ids.length).toBeGreaterThan(without.ids.length);
    expect(taken({ tools: JSON.stringify(tools) })).toEqual({ ids, targets });
    for (const none of [null, [], ""]) expect(taken({ tools: none })).toEqual(without);
  });

  it("are refused by name if they are none", async () => {
    using model = await templatedModel(templateOf(signs.hermes));
    const take = (given: unknown) => () => takeLanguageExamples("fit", model, [{ messages, tools: given } as never]);
    expect(take({})).toThrow(/^fit: example 0: tools is a list of functions .*, got \{\}/);
    expect(take("[")).toThrow(/^fit: example 0: tools: /);
    expect(take([{ type: "function", function: { name: "no name" } }])).toThrow(
      /^fit: example 0: .*tools\[0\]\.function\.name/,
    );
  });
});

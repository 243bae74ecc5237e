import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { run } from "../../ts/cli/program.js";
import { Terminal } from "../../ts/cli/terminal.js";

/** Folder of the project, set by the vitest project. */
declare const __PROJECT__: string;
export const project = __PROJECT__;

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const good = ["good", "warm", "funny", "fine", "lovely", "bright"];
const bad = ["bad", "cold", "dull", "poor", "awful", "grim"];
const filler = [
  "the",
  "a",
  "film",
  "story",
  "music",
  "was",
  "is",
  "and",
  "very",
  "quite",
  "end",
  "start",
  "it",
  ".",
  ",",
  "##s",
  "##ly",
];

/** A WordPiece tokenizer of a few words, as the tokenizers library writes it. */
function tokenizer() {
  const vocabulary = [...special, ...good, ...bad, ...filler];
  const id = (token: string) => vocabulary.indexOf(token);
  const part = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content) => ({ id: id(content), content, ...flags })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [part("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, part("[SEP]")],
      pair: [
        part("[CLS]"),
        { Sequence: { id: "A", type_id: 0 } },
        part("[SEP]"),
        { Sequence: { id: "B", type_id: 1 } },
        part("[SEP]"),
      ],
      special_tokens: Object.fromEntries(
        ["[CLS]", "[SEP]"].map((token) => [token, { id: token, ids: [id(token)], tokens: [token] }]),
      ),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, i) => [token, i])),
    },
  };
}

/** Forty short texts of two labels, the label's word in each. */
export const examples = Array.from({ length: 40 }, (_, i) => {
  const label = i % 2 === 0 ? "good" : "bad";
  const word = (label === "good" ? good : bad)[(i >> 1) % 6]!;
  const thing = ["film", "story", "music"][i % 3]!;
  return {
    text: `The ${thing}${i % 5 === 0 ? "s" : ""} was ${i % 4 < 2 ? "very" : "quite"} ${word}, it is ${word}.`,
    label,
  };
});

/** What the commands need, in a folder of its own. */
export interface Fixture {
  readonly folder: string;
  /** A BERT of two layers of 32 with random weights (the golden one) and a tokenizer. */
  readonly model: string;
  /** The examples as CSV with a header. */
  readonly data: string;
  readonly path: (...parts: string[]) => string;
  readonly remove: () => Promise<void>;
}

export async function makeFixture(): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-cli-"));
  const path = (...parts: string[]) => join(folder, ...parts);
  const [model, data] = [path("model"), path("data.csv")];
  await cp(join(project, "test/golden/adapters/base/tiny_bert"), model, { recursive: true });
  await writeFile(join(model, "tokenizer.json"), JSON.stringify(tokenizer()));
  const rows = examples.map(({ text, label }) => `"${text}",${label}`);
  await writeFile(data, `text,label\n${rows.join("\n")}\n`);
  return { folder, model, data, path, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What a command did. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How a command is run. */
export interface RunOptions {
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** The streams are terminals of 100 columns. Default false. */
  readonly isTTY?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** Called with everything on the output and the error stream so far. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a command in this process. */
export async function lowrank(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const text = { out: "", err: "" };
  const { isTTY = false, environment = {} } = options;
  const collect = (name: "out" | "err") =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          text[name] += chunk.toString();
          options.onOutput?.(text[name]);
          done();
        },
      }),
      isTTY ? { isTTY, columns: 100 } : {},
    );
  const input = Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)]);
  const terminal = new Terminal({ input, output: collect("out"), errors: collect("err"), environment });
  const code = await run(args, terminal, options.signal);
  return { code, ...text };
}

/** Options of a short run on the fixture. */
export function shortRun({ model, data }: Fixture, out: string, steps = 12): string[] {
  return [
    "finetune",
    "--model",
    model,
    "--data",
    data,
    "--out",
    out,
    "--steps",
    String(steps),
    "--batch-size",
    "8",
    "--learning-rate",
    "0.01",
  ];
}

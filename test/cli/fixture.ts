import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { expect } from "vitest";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { run } from "../../ts/cli/program.js";
import { Terminal } from "../../ts/cli/terminal/terminal.js";
import { examples, tinyTokenizer, withoutHead } from "../models/tiny-encoder.js";

export { examples };

/** Folder of the project, set by the vitest project. */
declare const __PROJECT__: string;
export const project = __PROJECT__;

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
  const config = JSON.parse(await readFile(join(model, "config.json"), "utf8")) as object;
  await writeFile(join(model, "config.json"), JSON.stringify({ ...config, ...withoutHead }));
  await writeFile(join(model, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
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
  const terminal = new Terminal({
    input,
    output: collect("out"),
    errors: collect("err"),
    environment,
    secondsBetweenLines: 0,
  });
  const code = await run(args, terminal, options.signal);
  return { code, ...text };
}

/** Options of a short run on the fixture. */
export function shortRun({ model, data }: Fixture, out: string, steps = 12): string[] {
  return [
    "finetune",
    // Of forty texts none are held out to choose a step by, which would be said each time.
    "--patience",
    "none",
    // Many of them are nearly the same: kept together, they would make parts of other sizes.
    "--near-duplicates",
    "apart",
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

/** A run of `steps` on the fixture that is interrupted when it tells of `step`; its folder, with the checkpoint. */
export async function interruptedRun(fixture: Fixture, steps: number, step: number, options: string[] = []) {
  const folder = fixture.path("halves");
  const interrupt = new AbortController();
  const onOutput = (text: string) => new RegExp(`train +${step}/${steps}`).test(text) && interrupt.abort();
  const args = [...shortRun(fixture, folder, steps), ...options];
  expect((await lowrank(args, { signal: interrupt.signal, onOutput })).code).toBe(130);
  return folder;
}

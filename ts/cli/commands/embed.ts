import { type Command, Option } from "commander";
import { basename, dirname, extname } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import { writeSafetensors } from "../../io/safetensors/index.js";
import { addEncoderOptions, type EncoderOptions, openEncoder } from "../files/adapted-encoder.js";
import { columnOf } from "../files/base-model.js";
import { addEngineOptions } from "../files/classifier-folder.js";
import { formatCount } from "../terminal/number-format.js";
import { checkOutFile } from "../files/out-folder.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { stackedRows } from "../../values/tensor.js";
import type { Session } from "../session.js";
import { readTexts, type TextOptions } from "../tables/text-input.js";

const EXAMPLES = `
Examples:
  lowrank embed "a warm and funny film" --normalize
  lowrank embed --adapter runs/reviews --file lines.txt --out vectors.npy
`;

interface EmbedOptions extends EncoderOptions, TextOptions {
  readonly normalize?: boolean;
  readonly prompt?: string;
  readonly promptName?: string;
  readonly out?: string;
}

/** Writers by the ending of `--out`. */
const writers: Record<
  string,
  (texts: readonly string[], vectors: readonly Float32Array[], width: number) => Uint8Array
> = {
  ".jsonl": (texts, vectors) =>
    new TextEncoder().encode(texts.map((text, i) => `${jsonLine(text, vectors[i]!)}\n`).join("")),
  ".npy": (_, vectors, width) => npyFile(vectors, width),
  ".safetensors": (_, vectors, width) => writeSafetensors({ embeddings: stackedRows(vectors, width) }),
};

/** `lowrank embed`: sentence vectors. */
export function defineEmbed(program: Command, session: Session): void {
  const command = addEncoderOptions(
    program
      .command("embed")
      .description("compute sentence vectors of texts: arguments, a file, or standard input")
      .argument("[texts...]", "texts to embed")
      .option("--file <file>", "texts, one per line; or a table: CSV, TSV, JSONL, JSON or Parquet")
      .option("--text <column>", "column of the texts in a table (default: the one of --adapter's run)"),
  )
    .option("--normalize", "scale vectors to length 1 (default: as in the model's modules.json)")
    .option("--no-normalize", "keep their length, whatever the model's files say")
    .addOption(new Option("--prompt <text>", "put this before every text").conflicts("promptName"))
    .option("--prompt-name <name>", 'put the model\'s prompt of this name before every text, such as "query"')
    .option("--out <file>", "write a .npy, .safetensors or .jsonl file instead of JSON lines to the output");
  addEngineOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((texts: string[], options: EmbedOptions) => embed(texts, options, session));
}

async function embed(args: readonly string[], options: EmbedOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { adapter, normalize, prompt, promptName, out } = options;
  const writer = out === undefined ? undefined : writerOf(out);
  if (out !== undefined) await checkOutFile(out);
  const known = () => (adapter === undefined ? { run: undefined, text: undefined } : columnOf(adapter));
  const texts = await readTexts(args, options, known, session);
  const encoder = await openEncoder(options, session);
  try {
    const bar = reporterOf(terminal).texts("embed", texts.length);
    const vectors = await encoder
      .encode(texts, {
        ...(normalize === undefined ? {} : { normalize }),
        prompt,
        promptName,
        signal,
        onProgress: (done) => bar.update(done),
      })
      .finally(() => bar.stop());
    if (out === undefined || writer === undefined) {
      texts.forEach((text, i) => terminal.print(jsonLine(text, vectors[i]!)));
      return;
    }
    await writeFilesAtomically(dirname(out), { [basename(out)]: writer(texts, vectors, encoder.hiddenSize) });
    terminal.error(`${formatCount(vectors.length)} vectors of ${encoder.hiddenSize} written to ${out}`);
  } finally {
    encoder.dispose();
  }
}

function writerOf(out: string) {
  const writer = writers[extname(out)];
  if (writer !== undefined) return writer;
  throw new ConfigError(`--out ${out}: a name that ends in ${Object.keys(writers).join(", ")} is expected`, {
    folder: out,
  });
}

/** Nine digits distinguish any two float32 values. */
function jsonLine(text: string, vector: Float32Array): string {
  return JSON.stringify({ text, embedding: Array.from(vector, (value) => Number(value.toPrecision(9))) });
}

/**
 * Rows of float32 as a NumPy file, version 1.0, shape `[rows, columns]`.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
function npyFile(rows: readonly Float32Array[], columns: number): Uint8Array {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${columns}), }`;
  const start = 10;
  // The data begin at a multiple of 64 bytes; the header ends with a line feed.
  const length = Math.ceil((start + fields.length + 1) / 64) * 64 - start;
  const header = new TextEncoder().encode(`${fields.padEnd(length - 1)}\n`);
  const file = new Uint8Array(start + length + 4 * rows.length * columns);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(file.buffer);
  view.setUint16(8, length, true);
  file.set(header, start);
  let position = start + length;
  for (const row of rows) for (const value of row) position = writeFloat(view, position, value);
  return file;
}

function writeFloat(view: DataView, position: number, value: number): number {
  view.setFloat32(position, value, true);
  return position + 4;
}

import { type Command, Option } from "commander";
import { SearchIndex, type SearchIndexOptions } from "../../entry/node.js";
import { ConfigError } from "../../errors/errors.js";
import { exampleFormat, readTexts as readColumn } from "../../io/examples/index.js";
import { readData } from "../../training/node/local-sources.js";
import { addEncoderOptions, type EncoderOptions, openEncoder } from "../files/adapted-encoder.js";
import { columnOf } from "../files/base-model.js";
import { addEngineOptions } from "../files/classifier-folder.js";
import { checkOutFile } from "../files/out-folder.js";
import { recordOf, writeSearchFile } from "../files/search-file.js";
import type { Session } from "../session.js";
import { readTexts } from "../tables/text-input.js";
import { formatBytes, formatCount } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";

const EXAMPLES = `
Examples:
  lowrank index --data faq.csv --text answer --out faq.index
  lowrank index --data lines.txt --adapter runs/search --format int8 --out lines.index
  lowrank search --index faq.index "How do I get my money back?"
`;

/** Texts whose vectors are in memory as float32 at once. */
const AT_ONCE = 4096;

interface IndexOptions extends EncoderOptions {
  readonly data: string;
  readonly out: string;
  readonly text?: string;
  readonly id?: string;
  readonly promptName?: string;
  readonly format: NonNullable<SearchIndexOptions["format"]>;
  readonly similarity?: NonNullable<SearchIndexOptions["similarity"]>;
}

/** `lowrank index`: texts that `lowrank search` finds. */
export function defineIndex(program: Command, session: Session): void {
  const command = addEncoderOptions(
    program
      .command("index")
      .description("make a search index from texts: one file with their vectors, for `lowrank search`")
      .requiredOption("--data <file>", "texts, one per line; or a table: CSV, TSV, JSONL, JSON or Parquet")
      .requiredOption("--out <file>", "the index to write")
      .option("--text <column>", "column of the texts in a table (default: the one of --adapter's run)")
      .option("--id <column>", "column of the texts' ids in a table, each once (default: the row's number, from 1)"),
  )
    .option(
      "--prompt-name <name>",
      "put the model's prompt of this name before every text (default: the one for documents, if there is one)",
    )
    .addOption(
      new Option("--format <name>", "bytes of a vector: 4, 1 or an eighth for each dimension")
        .choices(["float32", "int8", "binary"])
        .default("float32"),
    )
    .addOption(
      new Option("--similarity <name>", "what is compared (default: what the model's files say, else cosine)").choices([
        "cosine",
        "dot",
      ]),
    );
  addEngineOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((options: IndexOptions) => index(options, session));
}

async function index(options: IndexOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { adapter, data, format, out, promptName } = options;
  await checkOutFile(out);
  const known = () => (adapter === undefined ? { run: undefined, text: undefined } : columnOf(adapter));
  const texts = await readTexts(
    [],
    { file: data, ...(options.text !== undefined && { text: options.text }) },
    known,
    session,
  );
  const ids = await idsOf(options, texts.length, session);
  const encoder = await openEncoder(options, session);
  try {
    const metadata = recordOf(options, encoder);
    const { similarity = encoder.layout.similarity === "dot" ? "dot" : "cosine" } = options;
    const encode = (some: string[], onProgress: (done: number) => void) =>
      promptName === undefined
        ? encoder.encodeDocument(some, { signal, onProgress })
        : encoder.encode(some, { promptName, signal, onProgress });
    const bar = reporterOf(terminal).texts("index", texts.length);
    let made: SearchIndex | undefined;
    try {
      for (let start = 0; start < texts.length; start += AT_ONCE) {
        const vectors = await encode(texts.slice(start, start + AT_ONCE), (done) => bar.update(start + done));
        made ??= SearchIndex.create({ dimensions: vectors[0]!.length, format, similarity, metadata });
        made.add(ids.slice(start, start + AT_ONCE), vectors);
      }
    } catch (error) {
      made?.dispose();
      throw error;
    } finally {
      bar.stop();
    }
    using filled = made!;
    const bytes = await writeSearchFile(out, filled, texts);
    terminal.error(
      `${formatCount(texts.length)} ${texts.length === 1 ? "vector" : "vectors"} of ${filled.dimensions} (${format}, ${formatBytes(bytes)}) written to ${out}`,
    );
  } finally {
    encoder.dispose();
  }
}

/** Ids of a column, or the numbers of the rows. Throws `ConfigError` for an id that is there twice. */
async function idsOf(
  { data, id }: IndexOptions,
  count: number,
  { terminal, signal }: Session,
): Promise<(string | number)[]> {
  if (id === undefined) return Array.from({ length: count }, (_, i) => i + 1);
  const { name: file, bytes } = await readData(data, signal);
  const onWarning = (warning: string) => terminal.error(warning);
  const ids = await readColumn(bytes, { format: exampleFormat(data), text: id, file, onWarning });
  const seen = new Map<string, number>();
  for (const [row, name] of ids.entries()) {
    const first = seen.get(name);
    if (first !== undefined)
      throw new ConfigError(
        `--id ${id}: rows ${first + 1} and ${row + 1} of ${data} have the same id ${JSON.stringify(name)}; ids are expected once each`,
        { option: "--id", file: data, line: row + 1 },
      );
    seen.set(name, row);
  }
  return ids;
}

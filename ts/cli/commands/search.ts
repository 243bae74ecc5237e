import type { Command } from "commander";
import type { SearchHit } from "../../entry/node.js";
import { ConfigError } from "../../errors/errors.js";
import { isFolder } from "../../io/node/folders.js";
import { addEncoderOptions, type EncoderOptions, openEncoder } from "../files/adapted-encoder.js";
import { addEngineOptions } from "../files/classifier-folder.js";
import { checkEncoder, openSearchFile, recordOf, type SearchFile } from "../files/search-file.js";
import { whole } from "../options/option-values.js";
import type { Session } from "../session.js";
import { readTexts } from "../tables/text-input.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { clip, tableLines } from "../terminal/terminal.js";
import { startEngine } from "../engine-start.js";

const EXAMPLES = `
Examples:
  lowrank search --index faq.index "How do I get my money back?"
  lowrank search --index faq.index --queries questions.txt --top-k 3 --json > hits.jsonl
`;

interface SearchCommandOptions extends EncoderOptions {
  readonly index: string;
  readonly queries?: string;
  readonly text?: string;
  readonly topK: number;
  readonly rescore: boolean;
  readonly promptName?: string;
  readonly json: boolean;
}

/** `lowrank search`: the texts of an index that are most similar to a query. */
export function defineSearch(program: Command, session: Session): void {
  const command = addEncoderOptions(
    program
      .command("search")
      .description("find the texts of an index that are most similar to queries: arguments, a file, or standard input")
      .argument("[queries...]", "queries")
      .requiredOption("--index <file>", "an index of `lowrank index`, or texts.index of the Studio's search")
      .option("--queries <file>", "queries, a line each; or a table: CSV, TSV, JSONL, JSON or Parquet")
      .option("--text <column>", "column of the queries in a table")
      .option("--top-k <n>", "most texts for each query", whole(1), 5),
  )
    .option(
      "--prompt-name <name>",
      "put the model's prompt of this name before every query (default: the one for queries, if there is one)",
    )
    .option(
      "--no-rescore",
      "do not compute the scores of the best int8 and binary vectors again from the query as it is",
    )
    .option("--json", "print an object for each query: query, hits with id, score and text", false);
  addEngineOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((queries: string[], options: SearchCommandOptions) => search(queries, options, session));
}

async function search(args: readonly string[], options: SearchCommandOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { index: path, topK, rescore, json } = options;
  const file = {
    ...(options.queries !== undefined && { file: options.queries }),
    ...(options.text !== undefined && { text: options.text }),
  };
  const queries = await readTexts(args, file, () => ({ run: undefined, text: undefined }), session);
  const empty = queries.findIndex((query) => query.trim() === "");
  if (empty !== -1)
    throw new ConfigError(`query ${empty + 1} of ${queries.length} is empty, and an empty text is similar to nothing`, {
      query: empty,
    });
  await startEngine(options);
  const { index, recorded, texts } = await openSearchFile(path);
  try {
    if (recorded.base === undefined && recorded.model === undefined)
      throw new ConfigError(
        `${path} does not say which model made its vectors: \`lowrank index\` makes an index that does`,
        { file: path },
      );
    const { model = recorded.model, adapter = recorded.adapter } = options;
    if (options.adapter === undefined && adapter !== undefined && !isFolder(adapter))
      throw new ConfigError(
        `${path} has vectors of the adapter ${adapter}, which is not there: name the folder where it is with --adapter`,
        { file: path, folder: adapter },
      );
    const chosen = { ...options, ...(model !== undefined && { model }), ...(adapter !== undefined && { adapter }) };
    const encoder = await openEncoder(chosen, session);
    try {
      checkEncoder(path, recorded, recordOf(chosen, encoder));
      const { promptName } = options;
      const bar = reporterOf(terminal).texts("search", queries.length);
      const progress = { signal, onProgress: (done: number) => bar.update(done) };
      const vectors = await (
        promptName === undefined
          ? encoder.encodeQuery(queries, progress)
          : encoder.encode(queries, { ...progress, promptName })
      ).finally(() => bar.stop());
      queries.forEach((query, i) => {
        const hits = index.search(vectors[i]!, { topK, rescore });
        if (json) terminal.print(jsonLine(query, hits, texts));
        else {
          if (queries.length > 1)
            terminal.print(`${i === 0 ? "" : "\n"}${terminal.colors.bold(clip(query, terminal.width))}`);
          for (const line of hitLines(hits, texts, session)) terminal.print(line);
        }
      });
    } finally {
      encoder.dispose();
    }
  } finally {
    index.dispose();
  }
}

const jsonLine = (query: string, hits: readonly SearchHit[], texts: SearchFile["texts"]) =>
  JSON.stringify({
    query,
    hits: hits.map(({ id, score }) => ({ id, score, ...(texts !== null && { text: texts.get(String(id)) }) })),
  });

/** A table of rank, score, id and text, as wide as the terminal. */
function hitLines(hits: readonly SearchHit[], texts: SearchFile["texts"], { terminal }: Session): string[] {
  const cells = hits.map(({ id, score }, i) => [`${i + 1}`, score.toFixed(3), clip(String(id), 40)]);
  const head = ["", "score", "id"];
  const width = [head, ...cells].map((row) => tableLines([row])[0]!.length).reduce((a, b) => Math.max(a, b), 0) + 8;
  const room = terminal.streams.output.isTTY === true ? Math.max(20, terminal.width - width) : Infinity;
  const rows = cells.map((row, i) => [
    ...row,
    ...(texts === null ? [] : [clip(texts.get(String(hits[i]!.id)) ?? "", room)]),
  ]);
  return tableLines([texts === null ? head : [...head, "text"], ...rows], ["right", "right", "left", "left"]);
}

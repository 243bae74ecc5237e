import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { exampleFormat, placeIn } from "../../io/examples/index.js";
import { openTable } from "../../tasks/pairs/open-table.js";
import { pairColumnsOf } from "../../tasks/rank/read-ranked.js";
import { readData } from "../../training/node/local-sources.js";
import { fieldsOf } from "../files/base-model.js";
import type { Session } from "../session.js";
import { type KeptTable, keptTable, type TextInput, type TextOptions } from "./text-input.js";

/** Pairs of a query and a text; `texts` are the second ones. */
export interface PairInput extends TextInput {
  readonly pairs: readonly (readonly [string, string])[];
}

/**
 * Pairs for a reranker: the first argument with each of the others, or the rows of a table with the columns that its run was trained on.
 * Throws `ConfigError` if there are none.
 *
 * @param keepsRows whether to return the other columns of a table too
 */
export async function readPairInput(
  args: readonly string[],
  { file: path, text }: TextOptions,
  run: string,
  session: Session,
  keepsRows: boolean,
): Promise<PairInput> {
  if (path === undefined) {
    const [query, ...texts] = args;
    if (query !== undefined && texts.length > 0) return { texts, pairs: texts.map((one) => [query, one]), table: null };
    throw new ConfigError(
      `${run} is a cross-encoder, which scores texts for a query: pass a query and at least one text as arguments, or a table of pairs with --file`,
      { run },
    );
  }
  if (args.length > 0)
    throw new ConfigError(`got texts as arguments and in ${path}: pass only one of them`, {
      option: "--file",
      value: path,
    });
  const { name: file, bytes } = await readData(path, session.signal);
  const onWarning = (warning: string) => session.terminal.error(warning);
  const { names, read } = await openTable(file, bytes, exampleFormat(path), onWarning);
  const columns = pairColumnsOf(names, { ...fieldsOf(run), ...(text !== undefined && { text }) });
  if (columns === undefined) {
    const has = clip(names.map((name) => JSON.stringify(clip(name, 40))).join(", "), 200);
    throw new ConfigError(
      `${file} has the columns ${has || "none"}; expected are those of the run's data, such as query and text, or premise and hypothesis`,
      { file, allowed: names },
    );
  }
  const pairs = (await read(columns)).map(({ line, values }): [string, string] => {
    const texts = values.map((value, i) => {
      if (typeof value === "string" && value.trim() !== "") return value;
      throw new ConfigError(
        `${file}, ${placeIn(file, line)}: a text that is not empty is expected in column ${JSON.stringify(columns[i])}, got ${excerpt(value)}`,
        { file, line, column: columns[i], value },
      );
    });
    return texts as [string, string];
  });
  const table: KeptTable | null = keepsRows ? keptTable(path, bytes, columns[1]) : null;
  return { texts: pairs.map(([, one]) => one), pairs, table };
}

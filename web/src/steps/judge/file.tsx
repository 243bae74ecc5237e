import { useSignal } from "@preact/signals";
import { guessColumns } from "../../data/columns.js";
import { formula } from "../../data/formula.js";
import { joinedText, placesOf } from "../../data/joined.js";
import { TableProblem } from "../../data/problem.js";
import type { Table } from "../../data/table.js";
import { markedColumns } from "../../data/words/marked-columns.js";
import { recovering } from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import { forReading } from "../../messages/reading.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";
import { save } from "../../parts/save.js";
import { project } from "../../state/project.js";

const isText = (text: string) => text.trim() !== "";

/** The separator of the labelled file: the file's own, otherwise the one that spreadsheets use in this language. */
const delimiterFor = ({ how }: Table): string =>
  how.format === "delimited" && how.delimiter !== "" ? how.delimiter : m().decimal(0.5).includes(",") ? ";" : ",";

interface Props {
  readonly heading: string;
  readonly hint: string;
  /** The label of the button. */
  readonly go?: (count: number) => string;
  /** Names of the columns that the table gets. */
  readonly columns: readonly string[];
  /** Whether the simple model is chosen at first; null if there is none to choose. */
  readonly byHead: boolean | null;
  /** Fields of those columns for each text. `written` writes a number as the file does. */
  readonly predict: (
    texts: readonly string[],
    onDone: (count: number) => void,
    byHead: boolean,
  ) => Promise<readonly ((written: (value: number) => string) => readonly string[])[]>;
}

/** The columns that are joined in the open table, as they are in another one; none if it lacks one of them. */
function joinedIn({ columns }: Table): number[] {
  const now = project.value;
  if (now === null || now.more === undefined || now.more.length === 0) return [];
  const names = [now.text, ...now.more].map((column) => now.table.columns[column]!);
  return placesOf(names, columns);
}

/** If two files are read at once, the one chosen last counts. */
let newest = 0;

/** Predicts for a whole table, and saves it with the predictions. */
export function LabelFile({
  heading,
  hint,
  go = m().judge.fileDo,
  columns: added,
  byHead: recommended,
  predict: predictions,
}: Props) {
  const t = m().judge;
  const table = useSignal<Table | null>(null);
  const column = useSignal(0);
  const more = useSignal<readonly number[]>([]);
  // The recommended model, until the user selects another.
  const byHead = useSignal(recommended === true);
  const done = useSignal<number | null>(null);
  const problem = useSignal<string | null>(null);
  const error = useSignal<unknown>(null);
  const open = async (file: File) => {
    const own = ++newest;
    table.value = problem.value = null;
    try {
      const { readApart } = await import("../../data/apart/read-apart.js");
      const read = await readApart("toLabel", file);
      if (own !== newest) return;
      const [text, ...others] = joinedIn(read);
      column.value = text ?? (markedColumns(read) ?? guessColumns(read)).text;
      more.value = others;
      table.value = read;
    } catch (reason) {
      if (own !== newest) return;
      const { kind, detail } = reason instanceof TableProblem ? reason : new TableProblem("noTable");
      problem.value = m().data.problems[kind]!(String(detail));
    }
  };
  const predict = async () => {
    const { columns, records, name } = table.value!;
    const delimiter = delimiterFor(table.value!);
    done.value = 0;
    error.value = null;
    try {
      const asked = records.map((record) => joinedText(record, [column.value, ...more.value]));
      const texts = asked.filter(isText);
      const said = await recovering(() =>
        predictions(texts, (count) => (done.value = count / texts.length), byHead.value),
      );
      // Files with semicolons as separators have decimal commas.
      const written = (value: number) => value.toFixed(4).replace(".", delimiter === ";" ? "," : ".");
      // Empty texts get no label.
      let next = 0;
      const data = records.map((record, i) => {
        if (!isText(asked[i]!)) return [...record, ...added.map(() => "")];
        return [...record, ...said[next++]!(written)];
      });
      const fields = [...columns, ...added];
      // Spreadsheets must not run formulas from the texts.
      const { default: Papa } = await import("papaparse");
      const csv = Papa.unparse({ fields, data }, { delimiter, escapeFormulae: formula });
      save(
        `${name.replace(/\.[^.]*$/, "")}-labelled.${delimiter === "\t" ? "tsv" : "csv"}`,
        `\ufeff${csv}\n`,
        "text/csv",
      );
    } catch (reason) {
      error.value = reason;
    } finally {
      done.value = null;
    }
  };
  return (
    <section class="label-file" aria-labelledby="file-heading">
      <h2 id="file-heading">{heading}</h2>
      <p class="hint">{hint}</p>
      <div class="actions">
        <label class="button">
          {t.fileChoose}
          <input
            type="file"
            accept=".csv,.tsv,.tab,.txt,.json,.jsonl,.ndjson,.xlsx"
            onChange={({ currentTarget: { files } }) => files?.[0] && void open(files[0])}
          />
        </label>
        {table.value !== null && (
          <>
            <label class="inline">
              {t.fileColumn}
              <select
                value={column.value}
                onChange={(event) => {
                  column.value = Number(event.currentTarget.value);
                  more.value = [];
                }}
              >
                {table.value.columns.map((name, i) => (
                  <option key={i} value={i}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            {more.value.length > 0 && <span class="hint">{forReading().joinedTexts(more.value.length + 1)}</span>}
            {recommended !== null && (
              <label class="inline">
                {t.fileBy}
                <select
                  value={byHead.value ? "head" : "adapter"}
                  onChange={(event) => (byHead.value = event.currentTarget.value === "head")}
                >
                  <option value="head">{t.head}</option>
                  <option value="adapter">{t.adapted}</option>
                </select>
              </label>
            )}
            <button type="button" class="primary" disabled={done.value !== null} onClick={() => void predict()}>
              {go(table.value.records.length)}
            </button>
          </>
        )}
      </div>
      {done.value !== null && <Meter done={done.value} label={t.finding(m().wholePercent(done.value))} />}
      {problem.value !== null && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {error.value !== null && <Problem error={error.value} title="" />}
    </section>
  );
}

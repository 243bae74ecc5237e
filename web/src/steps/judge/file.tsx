import { useSignal } from "@preact/signals";
import { guessColumns } from "../../data/columns.js";
import { TableProblem } from "../../data/problem.js";
import type { Table } from "../../data/table.js";
import { adaptedOf, hasHead, headOf, predictAll, recovering } from "../../engine/classify.js";
import { language, m } from "../../messages/index.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";
import { save } from "../../parts/save.js";
import type { Run } from "../../state/runs.js";
import { isHeadEnough } from "./verdict.js";

/** Fields that a spreadsheet would run as formulas, except numbers with a sign. */
const formula = /^(?![+-][\d., ]+$)[=+\-@\t\r]/;

const isText = (text: string) => text.trim() !== "";

/** The separator of the labelled file: the file's own, otherwise the one that spreadsheets use in this language. */
const delimiterFor = ({ how }: Table): string =>
  how.format === "delimited" ? how.delimiter : language.value === "de" ? ";" : ",";

/** Labels a whole table and saves it with the predictions. */
export function LabelFile({ run }: { run: Run }) {
  const t = m().judge;
  const table = useSignal<Table | null>(null);
  const column = useSignal(0);
  // The recommended model, until the user selects another.
  const byHead = useSignal(hasHead(run) && isHeadEnough(run.report!.result));
  const done = useSignal<number | null>(null);
  const problem = useSignal<string | null>(null);
  const error = useSignal<unknown>(null);
  const open = async (file: File) => {
    table.value = problem.value = null;
    try {
      const { readTable } = await import("../../data/read-table.js");
      const read = await readTable(file);
      column.value = guessColumns(read).text;
      table.value = read;
    } catch (reason) {
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
      const asked = records.map((record) => record[column.value]!);
      const texts = asked.filter(isText);
      const said = await recovering(async () =>
        predictAll(
          await (byHead.value ? headOf(run) : adaptedOf(run)),
          texts,
          (count) => (done.value = count / texts.length),
        ),
      );
      // Files with semicolons as separators have decimal commas.
      const written = (share: number) => share.toFixed(4).replace(".", delimiter === ";" ? "," : ".");
      // Empty texts get no label.
      let next = 0;
      const data = records.map((record, i) => {
        if (!isText(asked[i]!)) return [...record, "", ""];
        const { label, probability } = said[next++]!;
        return [...record, label, written(probability)];
      });
      const fields = [...columns, t.filePredicted, t.fileProbability];
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
      <h2 id="file-heading">{t.fileHeading}</h2>
      <p class="hint">{t.fileHint}</p>
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
              <select value={column.value} onChange={(event) => (column.value = Number(event.currentTarget.value))}>
                {table.value.columns.map((name, i) => (
                  <option key={i} value={i}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            {hasHead(run) && (
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
              {t.fileDo(table.value.records.length)}
            </button>
          </>
        )}
      </div>
      {done.value !== null && <Meter done={done.value} label={t.finding(m().percent(done.value))} />}
      {problem.value !== null && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {error.value !== null && <Problem error={error.value} title="" />}
    </section>
  );
}

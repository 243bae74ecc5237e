import { SEPARATORS } from "../../data/label-forms.js";
import { flagColumns, targetFor } from "../../data/read-target.js";
import { type Target, type Task, tasks } from "../../data/target.js";
import { textIn } from "../../data/words/marked-columns.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { project, target } from "../../state/project.js";
import { selectColumns, selectTarget, selectTask } from "../../state/reading.js";
import { JoinedColumns } from "./joined-columns.js";
import { clearFilter } from "./state.js";

/** The value of the option for columns of 0 and 1, beside the numbers of columns. */
const FLAGS = "flags";

/** Which columns of 0 and 1 are labels, or what separates labels in one column. */
function LabelForm({ of }: { of: Target & { readonly task: "multi-label" } }) {
  const t = m().data;
  const { table } = project.value!;
  if (of.columns === null)
    return (
      <label>
        {t.labelSeparator}
        <select
          value={of.separator}
          onChange={(event) => (clearFilter(), selectTarget({ ...of, separator: event.currentTarget.value }))}
        >
          {[...new Set([of.separator, ...SEPARATORS])].map((sign) => (
            <option key={sign} value={sign}>
              {sign}
            </option>
          ))}
        </select>
      </label>
    );
  const own = of.columns;
  const take = (column: number, isTaken: boolean) => {
    clearFilter();
    const columns = isTaken ? [...own, column].sort((a, b) => a - b) : own.filter((other) => other !== column);
    selectTarget({ ...of, columns });
  };
  return (
    <>
      <button type="button" popovertarget="label-columns">
        {t.labelColumns(own.length)}
      </button>
      <fieldset id="label-columns" popover="auto">
        <legend class="hidden">{t.labelColumn}</legend>
        {flagColumns(table).map((column) => (
          <label key={column} class="check">
            <input
              type="checkbox"
              checked={own.includes(column)}
              onChange={(event) => take(column, event.currentTarget.checked)}
            />
            {table.columns[column]}
          </label>
        ))}
      </fieldset>
    </>
  );
}

/** What is to be predicted, and the columns that say it. */
export function Predicted() {
  const t = m().data;
  const { table, text, label } = project.value!;
  const { columns, records } = table;
  const now = target.value;
  const isFlags = now.task === "multi-label" && now.columns !== null;
  const flags = now.task === "multi-label" ? flagColumns(table) : [];
  const example = (i: number) => textIn(records.find((record) => record[i]!.trim() !== "")?.[i] ?? "").slice(0, 40);
  const options = columns.map((name, i) => (
    <option key={i} value={i}>
      {name}: {example(i)}
    </option>
  ));
  const pickLabel = (value: string) => {
    clearFilter();
    if (value === FLAGS) return selectTarget(targetFor("multi-label", table, flags[0]!));
    if (isFlags && Number(value) === label) return selectTarget({ ...now, columns: null });
    selectColumns({ label: Number(value) });
  };
  return (
    <div class="columns">
      <label>
        {t.textColumn}
        <select
          value={text}
          onChange={(event) => (clearFilter(), selectColumns({ text: Number(event.currentTarget.value) }))}
        >
          {options}
        </select>
      </label>
      <label>
        {t.predicts}
        <select value={now.task} onChange={(event) => (clearFilter(), selectTask(event.currentTarget.value as Task))}>
          {tasks.map((task) => (
            <option key={task} value={task}>
              {forTasks().each[task].name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {forTasks().each[now.task].columns}
        <select value={isFlags ? FLAGS : label} onChange={(event) => pickLabel(event.currentTarget.value)}>
          {flags.length > 1 && <option value={FLAGS}>{t.flags(flags.length)}</option>}
          {options}
        </select>
      </label>
      {now.task === "multi-label" && <LabelForm of={now} />}
      <JoinedColumns />
    </div>
  );
}

import { m } from "../../messages/index.js";
import { forReading } from "../../messages/reading.js";
import { project, target } from "../../state/project.js";
import { selectMore } from "../../state/reading.js";
import { clearFilter } from "./state.js";

/** Columns whose texts are joined with that of the text column, in their order. */
export function JoinedColumns() {
  const t = forReading();
  const { table, text, label, more = [] } = project.value!;
  const { columns } = table;
  // The labels of words are at places in one text.
  if (target.value.task === "tokens" || columns.length < 3) return null;
  const pick = (place: number, value: string) => {
    clearFilter();
    selectMore([...more.slice(0, place), ...(value === "" ? [] : [Number(value)]), ...more.slice(place + 1)]);
  };
  const isFree = (column: number) => column !== text && column !== label && !more.includes(column);
  const free = columns.flatMap((_, column) => (isFree(column) ? [column] : []));
  return (
    <>
      <button type="button" class="quiet small" popovertarget="text-columns">
        {more.length === 0 ? t.joinTexts : t.joinedTexts(more.length + 1)}
      </button>
      <div id="text-columns" popover="auto">
        <p class="hint">{t.joinHint(m().quoted(columns[text]!))}</p>
        {[...more, null].map((own, place) => (
          <label key={place}>
            {t.nthText(place + 2)}
            <select value={own ?? ""} onChange={(event) => pick(place, event.currentTarget.value)}>
              <option value="">{t.noColumn}</option>
              {(own === null ? free : [own, ...free]).map((column) => (
                <option key={column} value={column}>
                  {columns[column]}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
    </>
  );
}

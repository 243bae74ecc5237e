import { close, judged, selectColumn, table } from "../../engine/rank/collection.js";
import { rank } from "../../messages/rank.js";

/** The name of the table, what was found in it, and its columns. */
export function TableBar() {
  const t = rank();
  const { name, columns, records, ...places } = table.value!;
  const { rows, ordered, incomplete, repeated } = judged.value!;
  const options = columns.map((column, i) => (
    <option key={i} value={i}>
      {column}: {records.find((record) => record[i]!.trim() !== "")?.[i]?.slice(0, 40)}
    </option>
  ));
  return (
    <div class="collection">
      <div class="file">
        <h1>{name}</h1>
        <p class="facts">
          <span>{t.facts(rows.length)}</span>
          <span>{t.ordered(ordered.length)}</span>
          {repeated > 0 && <span>{t.repeated(repeated)}</span>}
          {incomplete > 0 && <span class="warn">{t.incomplete(incomplete)}</span>}
        </p>
      </div>
      <div class="columns three">
        {(["question", "text", "value"] as const).map((which) => (
          <label key={which}>
            {t.columns[which]}
            <select
              value={places[which] ?? ""}
              onChange={({ currentTarget: { value } }) => selectColumn(which, value === "" ? null : Number(value))}
            >
              {which === "value" && <option value="">{t.noColumn}</option>}
              {options}
            </select>
          </label>
        ))}
      </div>
      <button type="button" class="quiet" onClick={close}>
        {t.another}
      </button>
    </div>
  );
}

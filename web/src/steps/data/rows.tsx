import { useSignal } from "@preact/signals";
import type { Row } from "../../data/rows.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { Dialog } from "../../parts/dialog.js";
import { Icon } from "../../parts/icons.js";
import { Windowed } from "../../parts/windowed.js";
import { mendRows, removeRows, rows, target } from "../../state/project.js";
import { notify } from "../../state/notice.js";
import { ShownFinding } from "./findings.js";
import { Marks } from "./marked-words.js";
import { RowLabel } from "./row-label.js";
import { shown } from "./shown.js";
import { clearFilter, filter, search } from "./state.js";

const HEIGHT = 40;

function Edit({ row, onClose }: { row: Row; onClose: () => void }) {
  const { editText, save, columnText } = m().data;
  const text = useSignal(row.text);
  const take = (event: Event) => {
    event.preventDefault();
    if (text.value !== row.text) mendRows([row.id], { text: text.value });
    onClose();
  };
  return (
    <Dialog title={editText(row.id + 1)} onClose={onClose}>
      <form onSubmit={take}>
        <textarea
          rows={6}
          aria-label={columnText}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <div class="actions">
          <button class="primary">{save}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** All rows, to search, relabel, edit and remove. */
export function Rows() {
  const t = m().data;
  const editing = useSignal<Row | null>(null);
  const remove = (row: Row) => {
    removeRows([row.id]);
    notify(t.removed(1), true);
  };
  const draw = (i: number) => {
    const row = shown.value[i]!;
    const place = row.id + 1;
    return (
      <tr key={row.id} aria-rowindex={i + 2} style={{ height: `${HEIGHT}px` }}>
        <td class="place">{place}</td>
        <td class="text">
          <button type="button" title={row.text} onClick={() => (editing.value = row)}>
            {row.text.trim() === "" ? "—" : row.text}
          </button>
        </td>
        <td class="label">
          <RowLabel row={row} />
        </td>
        <td class="do">
          <button type="button" class="quiet small" aria-label={t.removeRow(place)} onClick={() => remove(row)}>
            <Icon name="trash" />
          </button>
        </td>
      </tr>
    );
  };
  const head = (
    <tr>
      <th scope="col" class="place">
        {t.columnNumber}
      </th>
      <th scope="col">{t.columnText}</th>
      <th scope="col" class="label">
        {forTasks().each[target.value.task].column}
      </th>
      <td class="do" />
    </tr>
  );
  // A text whose words have labels stays as it is.
  const Editor = target.value.task === "tokens" ? Marks : Edit;
  // Another table may be dropped on the dialog.
  const edited = rows.value.find(({ id, text }) => id === editing.value?.id && text === editing.value.text);
  const isFiltered = filter.value !== null || search.value !== "";
  return (
    <section class="rows">
      <div class="tools">
        <label class="search">
          <span class="hidden">{t.search}</span>
          <input
            type="search"
            placeholder={t.search}
            value={search.value}
            onInput={(event) => (search.value = event.currentTarget.value)}
          />
        </label>
        <p class="facts" aria-live="polite">
          {isFiltered ? t.filtered(shown.value.length, rows.value.length) : t.read(rows.value.length)}
        </p>
        {isFiltered && (
          <button type="button" class="small" onClick={clearFilter}>
            {t.clearFilter}
          </button>
        )}
      </div>
      {filter.value?.finding && <ShownFinding shown={filter.value.finding} />}
      {shown.value.length === 0 ? (
        <p class="none">{t.noRows}</p>
      ) : (
        <Windowed label={t.tableLabel} count={shown.value.length} height={HEIGHT} columns={4} head={head} row={draw} />
      )}
      {edited !== undefined && <Editor row={edited} onClose={() => (editing.value = null)} />}
    </section>
  );
}

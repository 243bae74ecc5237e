import { useSignal } from "@preact/signals";
import type { Row } from "../../data/rows.js";
import { marksOf, remarked } from "../../data/words/marked-text.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { Dialog } from "../../parts/dialog.js";
import { inShort, Marked } from "../../parts/marked.js";
import { labels, mendRows, rows, undo } from "../../state/project.js";
import { notify } from "../../state/notice.js";

/** The text of a row with its marked words, to give them another label or none. */
export function Marks({ row, onClose }: { row: Row; onClose: () => void }) {
  const title = m().data.labelOf(row.id + 1, forTasks().each.tokens.column);
  const marks = marksOf(row.text, row.label);
  const names = labels.value.map(([label]) => label);
  const own = useSignal<readonly Row[] | null>(null);
  const removed = useSignal(false);
  const change = (place: number, to: string) => {
    // All changes of the dialog are one step for undo.
    if (own.value === rows.value) undo();
    mendRows([row.id], { label: remarked(row.text, row.label, place, to === "" ? null : to) });
    own.value = rows.value;
    removed.value ||= to === "";
  };
  // A mark that was removed has no field any more.
  const close = () => {
    if (removed.value) notify(m().judge.mended(1), true);
    onClose();
  };
  return (
    <Dialog title={title} onClose={close}>
      <Marked text={row.text} marks={marks} />
      <ul class="marks">
        {marks.map(({ start, end, label }, place) => (
          <li key={start}>
            <label>
              {row.text.slice(start, end)}
              <select value={label} onChange={(event) => change(place, event.currentTarget.value)}>
                {names.map((name) => (
                  <option key={name}>{name}</option>
                ))}
                <option value="">{forTasks().words.unmark}</option>
              </select>
            </label>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** What is marked in a row's text, in short. */
export function MarkedWords({ row, title }: { row: Row; title: string }) {
  const open = useSignal(false);
  const short = inShort(row.text, marksOf(row.text, row.label), " · ") || "—";
  return (
    <>
      <button type="button" class="several" aria-label={`${title}: ${short}`} onClick={() => (open.value = true)}>
        {short}
      </button>
      {open.value && <Marks row={row} onClose={() => (open.value = false)} />}
    </>
  );
}

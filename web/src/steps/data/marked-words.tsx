import { useSignal } from "@preact/signals";
import type { Row } from "../../data/rows.js";
import { marksOf, remarked } from "../../data/words/marked-text.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { Dialog } from "../../parts/dialog.js";
import { inShort, Marked } from "../../parts/marked.js";
import { labels, mendRows, rows } from "../../state/project.js";

/** The text of a row with its marked words, to give them another label or none. */
export function Marks({ row: { id }, onClose }: { row: Row; onClose: () => void }) {
  const row = rows.value.find((now) => now.id === id)!;
  const title = m().data.labelOf(id + 1, forTasks().each.tokens.column);
  const marks = marksOf(row.text, row.label);
  const names = labels.value.map(([label]) => label);
  const change = (place: number, to: string) =>
    mendRows([id], { label: remarked(row.text, row.label, place, to === "" ? null : to) });
  return (
    <Dialog title={title} onClose={onClose}>
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

import { computed } from "@preact/signals";
import { isConfirmed } from "../../data/rows.js";
import { keyOf, type TableRows } from "../../engine/doubts.js";
import { nameNow } from "../../engine/names-now.js";
import { m } from "../../messages/index.js";
import { mendRows, removeRows, rows } from "../../state/project.js";
import { notify } from "../../state/notice.js";
import { mend } from "./mended.js";
import { RowState } from "./row-state.js";

/** A text of the table with its label and another one that a model predicts. */
export interface Disputed {
  readonly text: string;
  readonly label: string;
  readonly predicted: string;
  /** The rows that had this text and label before. */
  readonly rows?: TableRows;
}

/** The ids of the rows whose label can be changed or confirmed, by text and label. */
const open = computed(() => {
  const found = new Map<string, number[]>();
  for (const row of rows.value) {
    if (isConfirmed(row)) continue;
    const key = keyOf(row);
    const ids = found.get(key);
    if (ids === undefined) found.set(key, [row.id]);
    else ids.push(row.id);
  }
  return found;
});

/** The same with the names that its labels have in the table now. */
const current = (one: Disputed): Disputed => ({
  ...one,
  label: nameNow(one.label),
  predicted: nameNow(one.predicted),
});

const rowsOf = (one: Disputed) => (one.label === one.predicted ? [] : (open.value.get(keyOf(one)) ?? []));

/** The rows of a text that have its label, which is not the predicted one, and are not confirmed. */
export const idsOf = (one: Disputed): readonly number[] => rowsOf(current(one));

/** Buttons to confirm a label, to change it here and in all of `others` that are alike, and to remove the text; its state where one was used. */
export function Correct({ one, others }: { one: Disputed; others: readonly Disputed[] }) {
  const t = m().judge;
  const { text, label, predicted } = current(one);
  const ids = idsOf(one);
  if (ids.length === 0) return <RowState text={text} known={one.rows} />;
  const alike = others
    .map(current)
    .filter((other) => other.label === label && other.predicted === predicted)
    .flatMap(rowsOf);
  const change = (some: readonly number[]) => mend(some.length, () => mendRows(some, { label: predicted }));
  const confirm = () => {
    mendRows(ids, { confirmed: label });
    notify(t.confirmed(label), true);
  };
  return (
    <>
      <button type="button" class="small" onClick={confirm}>
        {t.confirm}
      </button>
      <button type="button" class="small" onClick={() => change(ids)}>
        {t.accept(predicted)}
      </button>
      {alike.length > ids.length && (
        <button type="button" class="small" onClick={() => change(alike)}>
          {t.acceptAlike(alike.length)}
        </button>
      )}
      <button type="button" class="small" onClick={() => mend(ids.length, () => removeRows(ids))}>
        {t.remove(ids.length)}
      </button>
    </>
  );
}

import { isConfirmed } from "../../data/rows.js";
import type { TableRows } from "../../engine/doubts.js";
import { m } from "../../messages/index.js";
import { project, rows } from "../../state/project.js";

/** Most labels that are listed. */
const NAMED = 3;

/** The state of a text's rows after they were changed: relabelled, edited or removed. */
export function RowState({ text, known }: { text: string; known?: TableRows }) {
  const t = m().judge;
  const there = rows.value.filter((row) => row.text === text);
  if (there.length === 0) {
    const edited = known?.table === project.value?.table && rows.value.some(({ id }) => known?.ids.has(id));
    return <span class="hint">{edited ? t.edited : t.gone}</span>;
  }
  if (there.every(isConfirmed)) return <span class="hint">{t.confirmed(there[0]!.label)}</span>;
  const labels = [...new Set(there.map(({ label }) => label))].filter((label) => label !== "");
  const named = labels.slice(0, NAMED).map(m().quoted).join(", ") + (labels.length > NAMED ? ", …" : "");
  return <span class="hint">{labels.length === 0 ? t.unlabelled : t.labelled(named)}</span>;
}

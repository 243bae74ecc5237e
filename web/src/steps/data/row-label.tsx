import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { Row } from "../../data/rows.js";
import { labelsOf, type Task, withLabels } from "../../data/target.js";
import { m } from "../../messages/index.js";
import { forTasks } from "../../messages/tasks.js";
import { Dialog } from "../../parts/dialog.js";
import { LabelSelect } from "../../parts/label-select.js";
import { labels, mendRows, target } from "../../state/project.js";
import { MarkedWords } from "./marked-words.js";

interface Props {
  readonly row: Row;
  readonly title: string;
}

const change = (row: Row, label: string) => {
  if (label !== row.label) mendRows([row.id], { label });
};

function OneLabel({ row, title }: Props) {
  const names = labels.value.map(([label]) => label);
  return <LabelSelect label={title} value={row.label} names={names} none="—" onPick={(label) => change(row, label)} />;
}

/** All labels, to check those of a row. */
function Choice({ row, title, onClose }: Props & { onClose: () => void }) {
  const own = labelsOf(row.label, target.value);
  const toggle = (name: string) =>
    change(row, withLabels(own.includes(name) ? own.filter((other) => other !== name) : [...own, name], target.value));
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{row.text}</p>
      <div class="choice">
        {labels.value.map(([name]) => (
          <label key={name} class="check">
            <input type="checkbox" checked={own.includes(name)} onChange={() => toggle(name)} />
            {name}
          </label>
        ))}
      </div>
    </Dialog>
  );
}

function SeveralLabels({ row, title }: Props) {
  const open = useSignal(false);
  return (
    <>
      <button type="button" class="several" aria-label={`${title}: ${row.label}`} onClick={() => (open.value = true)}>
        {row.label || "—"}
      </button>
      {open.value && <Choice row={row} title={title} onClose={() => (open.value = false)} />}
    </>
  );
}

function OneNumber({ row, title }: Props) {
  return (
    <input
      inputMode="decimal"
      aria-label={title}
      value={row.label}
      onChange={(event) => change(row, event.currentTarget.value.trim())}
    />
  );
}

const byTask: Readonly<Record<Task, ComponentType<Props>>> = {
  classify: OneLabel,
  "multi-label": SeveralLabels,
  regress: OneNumber,
  tokens: MarkedWords,
};

/** What a row says, to correct it. */
export function RowLabel({ row }: { row: Row }) {
  const { task } = target.value;
  const Shown = byTask[task];
  return <Shown row={row} title={m().data.labelOf(row.id + 1, forTasks().each[task].column)} />;
}

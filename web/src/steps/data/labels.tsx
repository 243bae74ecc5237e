import { useSignal } from "@preact/signals";
import { numberIn } from "../../data/target.js";
import { m } from "../../messages/index.js";
import { Dialog } from "../../parts/dialog.js";
import { Icon } from "../../parts/icons.js";
import { labels, renameLabels, target, usable } from "../../state/project.js";
import { notify } from "../../state/notice.js";
import { filter } from "./state.js";

/** Most labels that are listed. */
const MOST = 30;

function Rename({ label, onClose }: { label: string; onClose: () => void }) {
  const { rename, renameTo, renameDo, renamed } = m().data;
  const name = useSignal(label);
  const take = (event: Event) => {
    event.preventDefault();
    const to = name.value.trim();
    onClose();
    if (to === "" || to === label) return;
    renameLabels([label], to);
    notify(renamed(label, to), true);
  };
  return (
    <Dialog title={rename(label)} onClose={onClose}>
      <form onSubmit={take}>
        <label>
          {renameTo}
          <input value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        </label>
        <div class="actions">
          <button class="primary">{renameDo}</button>
        </div>
      </form>
    </Dialog>
  );
}

/** The number of rows of each label. A click shows them. */
function Counts() {
  const t = m().data;
  const renaming = useSignal<string | null>(null);
  const most = labels.value[0]?.[1] ?? 1;
  return (
    <section class="labels" aria-labelledby="labels-heading">
      <h2 id="labels-heading">
        {t.labelsHeading} <span class="count">{m().number(labels.value.length)}</span>
      </h2>
      <ul>
        {labels.value.slice(0, MOST).map(([label, count]) => (
          <li key={label}>
            <button
              type="button"
              class="bar-of"
              aria-pressed={filter.value?.label === label}
              title={t.showLabel(label, count)}
              onClick={() =>
                (filter.value = filter.value?.label === label ? null : { finding: null, ids: null, label })
              }
            >
              <span class="name">{label}</span> <span class="number">{m().number(count)}</span>
              <span class="fill" style={{ inlineSize: `${(100 * count) / most}%` }} />
            </button>
            <button
              type="button"
              class="quiet small"
              aria-label={t.rename(label)}
              title={t.rename(label)}
              onClick={() => (renaming.value = label)}
            >
              <Icon name="pen" />
            </button>
          </li>
        ))}
      </ul>
      {renaming.value !== null && <Rename label={renaming.value} onClose={() => (renaming.value = null)} />}
    </section>
  );
}

/** Bars of the distribution. */
const BARS = 8;

/** How the numbers are distributed. */
function Numbers() {
  const t = m().data;
  const numbers = usable.value.map(({ label }) => numberIn(label)!).sort((a, b) => a - b);
  const [low, high] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  const values = [...new Set(numbers)];
  // A short scale has a bar for each number.
  const ends =
    values.length <= BARS ? values : Array.from({ length: BARS }, (_, i) => low + ((high - low) * (i + 1)) / BARS);
  const counts = ends.map(
    (end, i) =>
      numbers.filter((number) => number <= (i === ends.length - 1 ? high : end) && (i === 0 || number > ends[i - 1]!))
        .length,
  );
  const named = (i: number) =>
    values.length <= BARS
      ? m().plainNumber(ends[i]!)
      : `${m().plainNumber(i === 0 ? low : ends[i - 1]!)} – ${m().plainNumber(ends[i]!)}`;
  return (
    <section class="labels" aria-labelledby="labels-heading">
      <h2 id="labels-heading">
        {t.numbersHeading} <span class="count">{m().number(numbers.length)}</span>
      </h2>
      <ul>
        {counts.map((count, i) => (
          <li key={i}>
            <div class="bar-of">
              <span class="name">{named(i)}</span> <span class="number">{m().number(count)}</span>
              <span class="fill" style={{ inlineSize: `${(100 * count) / Math.max(...counts)}%` }} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What there is to learn: labels with their rows, or numbers. */
export const Labels = () => (target.value.task === "regress" ? <Numbers /> : <Counts />);

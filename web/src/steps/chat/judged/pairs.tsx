import { askedIn, tableOfPairs } from "../../../data/answers/judged-pairs.js";
import type { Conversations } from "../../../data/examples.js";
import { judgedData, judgedPairs, removePair } from "../../../engine/chat/judged/judged-pairs.js";
import { judged } from "../../../messages/judged.js";
import { Icon } from "../../../parts/icons.js";
import { save } from "../../../parts/save.js";
import { notify } from "../../../state/notice.js";

/** The pairs of judged answers: to look at, to train on, and to take away. */
export function Pairs({ onTrain }: { onTrain: (data: Conversations) => void }) {
  const t = judged();
  const pairs = judgedPairs.value;
  if (pairs.length === 0) return null;
  const train = () => {
    const data = judgedData(t.name);
    if (data !== null) onTrain(data);
  };
  return (
    <section class="pairs">
      <h3>{t.heading}</h3>
      <p class="hint">{t.intro(pairs.length)}</p>
      <details class="details">
        <summary>{t.show}</summary>
        <ol>
          {pairs.map((pair) => (
            <li key={pair.id}>
              <p>{askedIn(pair)}</p>
              <p>
                <strong>{t.better}</strong> {pair.chosen}
              </p>
              <p>
                <strong>{t.worse}</strong> {pair.rejected}
              </p>
              <button
                type="button"
                class="quiet small"
                aria-label={t.remove(askedIn(pair))}
                onClick={() => notify(t.removed, removePair(pair.id))}
              >
                <Icon name="trash" />
              </button>
            </li>
          ))}
        </ol>
      </details>
      <div class="actions">
        <button type="button" onClick={train}>
          {t.train(pairs.length)}
        </button>
        <button type="button" class="quiet" onClick={() => save(t.file, tableOfPairs(pairs), "application/jsonl")}>
          <Icon name="down" /> {t.save}
        </button>
      </div>
    </section>
  );
}

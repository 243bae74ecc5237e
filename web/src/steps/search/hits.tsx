import { texts } from "../../engine/search/collection.js";
import { judgeFound, RANKED, SHOWN } from "../../engine/search/finding.js";
import type { Hit } from "../../engine/search/indexes.js";
import { judgementOf } from "../../engine/search/judged.js";
import { judging } from "./judging.js";
import { m } from "../../messages/index.js";
import { search } from "../../messages/search.js";

interface Props {
  readonly title: string;
  readonly kind: "base" | "adapter";
  readonly query: string;
  readonly hits: readonly Hit[];
  readonly right: ReadonlySet<number>;
}

/** The best texts, to be judged, and where the right answer is if it is known. */
export function Hits({ title, kind, query, hits, right }: Props) {
  const t = search();
  const all = texts.value!.texts;
  const best = hits.slice(0, SHOWN);
  const place = hits.findIndex(({ id }) => right.has(id)) + 1;
  const verdict = (text: string, isRight: boolean) => (
    <button
      type="button"
      class="small"
      aria-pressed={judgementOf(query, text) === isRight}
      aria-label={`${isRight ? t.isRight : t.isWrong}: ${text.slice(0, 80)}`}
      onClick={() => judging(() => judgeFound(text, isRight))}
    >
      {isRight ? t.isRight : t.isWrong}
    </button>
  );
  return (
    <section class={`hits ${kind}`} aria-label={title}>
      <h3>{title}</h3>
      <ol>
        {best.map(({ id, score }) => (
          <li key={id} data-right={right.has(id)}>
            <p class="text">{all[id]}</p>
            <div class="facts">
              <span class="score">{t.score(m().decimal(score))}</span>
              {right.has(id) && <span class="fine">✓ {t.right}</span>}
              <span class="verdicts">
                {verdict(all[id]!, true)}
                {verdict(all[id]!, false)}
              </span>
            </div>
          </li>
        ))}
      </ol>
      {right.size > 0 && (place === 0 || place > best.length) && (
        <p class="hint">{place === 0 ? t.rightBeyond(Math.min(RANKED, all.length)) : t.rightAt(place)}</p>
      )}
    </section>
  );
}

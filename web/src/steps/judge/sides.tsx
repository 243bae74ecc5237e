import { m } from "../../messages/index.js";
import type { Run } from "../../state/runs.js";

/** How the ways compare on the same texts: guessing, the head alone, and with the adapter. */
export function Sides({ run }: { run: Run }) {
  const t = m().judge;
  const { result } = run.report!;
  const { before, headOnly, after, largestClass, overHeadAlone } = result;
  const ways = [
    { kind: "base", title: t.largest, accuracy: largestClass, interval: null },
    { kind: "base", title: t.untrained, accuracy: before.accuracy, interval: before.intervals?.accuracy ?? null },
    ...(headOnly === null
      ? []
      : [{ kind: "head", title: t.head, accuracy: headOnly.accuracy, interval: headOnly.intervals?.accuracy ?? null }]),
    { kind: "adapter", title: t.adapted, accuracy: after.accuracy, interval: after.intervals?.accuracy ?? null },
  ];
  const gain = overHeadAlone?.accuracy.difference ?? null;
  const points = gain === null ? "" : Math.abs(100 * gain).toFixed(1);
  const verdict =
    gain === null
      ? null
      : result.recommended === "adapter"
        ? t.verdicts.adapter(points)
        : gain < 0
          ? t.verdicts.behind(points)
          : t.verdicts.head(points);
  return (
    <section class="sides">
      <dl>
        {ways.map(({ kind, title, accuracy, interval }) => (
          <div key={title} class={kind}>
            <dt>{title}</dt>
            <dd>
              <span class="big">{m().percent(accuracy)}</span>
              <span class="track" aria-hidden="true">
                <span class="fill" style={{ inlineSize: `${100 * accuracy}%` }} />
                {interval !== null && (
                  <span
                    class="interval"
                    style={{
                      insetInlineStart: `${100 * interval[0]}%`,
                      inlineSize: `${100 * (interval[1] - interval[0])}%`,
                    }}
                  />
                )}
              </span>
              {interval !== null && (
                <span class="hint" title={t.interval}>
                  {t.between(m().percent(interval[0]), m().percent(interval[1]))}
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {verdict !== null && <p class="verdict">{verdict}</p>}
    </section>
  );
}

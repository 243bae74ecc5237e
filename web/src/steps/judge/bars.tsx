import { m } from "../../messages/index.js";

/** A model, or a guess, and the share that it gets right. */
export interface Way {
  readonly kind: "base" | "head" | "adapter";
  readonly title: string;
  readonly hint: string;
  readonly share: number;
  /** Its 95 % interval; null if there is none. */
  readonly interval: readonly [number, number] | null;
}

/** Shares of the same `count` texts beside each other. */
export function Bars({ ways, count }: { ways: readonly Way[]; count: number }) {
  const t = m().judge;
  const written = (value: number) => m().share(value, count);
  return (
    <dl>
      {ways.map(({ kind, title, hint, share, interval }) => (
        <div key={title} class={kind}>
          <dt>
            <strong>{title}</strong> <span class="hint">{hint}</span>
          </dt>
          <dd>
            <span class="big">{written(share)}</span>
            <span class="track" aria-hidden="true">
              <span class="fill" style={{ inlineSize: `${100 * share}%` }} />
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
            {interval !== null && <span class="hint">{t.between(written(interval[0]), written(interval[1]))}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

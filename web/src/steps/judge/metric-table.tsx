import type { ComponentChildren } from "preact";

interface Props<N extends string, W> {
  /** Name of the table for readers of the screen. */
  readonly label: string;
  readonly metrics: readonly N[];
  readonly names: Readonly<Record<N, string>>;
  readonly hints: Readonly<Record<N, string>>;
  readonly ways: readonly W[];
  readonly cell: (way: W, metric: N) => ComponentChildren;
}

/** Metrics of several ways to predict: a row for each way, a column for each metric. */
export function MetricTable<
  N extends string,
  W extends { readonly kind: string; readonly title: string; readonly hint?: string },
>({ label, metrics, names, hints, ways, cell }: Props<N, W>) {
  return (
    <div class="scroll compared" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <td />
            {metrics.map((metric) => (
              <th key={metric} scope="col">
                {names[metric]} <span class="hint">{hints[metric]}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ways.map((way) => (
            <tr key={way.kind} class={way.kind}>
              <th scope="row">
                {way.title} {way.hint !== undefined && <span class="hint">{way.hint}</span>}
              </th>
              {metrics.map((metric) => (
                <td key={metric}>{cell(way, metric)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

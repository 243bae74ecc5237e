import { m } from "../../messages/index.js";

interface Props {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly number[])[];
}

/** A table of cosine similarities. The more similar two sentences are, the darker is the cell. */
export function Cosines({ title, rows, columns, values }: Props) {
  return (
    <section class="cosines">
      <h2>{title}</h2>
      <div class="scroll" role="region" aria-label={title} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <td />
              {columns.map((text, k) => (
                <th key={k} scope="col">
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((text, i) => (
              <tr key={i}>
                <th scope="row">{text}</th>
                {columns.map((_, k) => (
                  <td key={k} style={{ "--near": `${Math.round(60 * Math.max(values[i]![k]!, 0))}%` }}>
                    {m().decimal(values[i]![k]!)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

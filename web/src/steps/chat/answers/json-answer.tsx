import { isRecord } from "../../../data/answers/records.js";
import { format } from "../../../messages/format.js";

/** A value in words; what has parts as JSON. */
function Value({ value }: { value: unknown }) {
  const t = format().json;
  if (typeof value === "boolean") return <>{value ? t.yes : t.no}</>;
  if (value === null) return <span class="of">{t.none}</span>;
  if (typeof value === "string" || typeof value === "number") return <>{String(value)}</>;
  if (Array.isArray(value) && value.every((item) => typeof item === "string"))
    return (
      <ul>
        {value.map((item, i) => (
          <li key={i}>{item}</li>
        ))}
      </ul>
    );
  return <pre>{JSON.stringify(value, null, 2)}</pre>;
}

/** Fields with their values. */
export const FieldTable = ({ fields }: { fields: Readonly<Record<string, unknown>> }) => (
  <table class="field-table">
    <tbody>
      {Object.entries(fields).map(([name, value]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td>
            <Value value={value} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

/** A text's value; undefined if it is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A finished answer in JSON, as a table if it has fields. */
export function JsonAnswer({ text }: { text: string }) {
  const t = format().json;
  const value = parsed(text);
  if (value === undefined)
    return (
      <>
        <p class="text">{text}</p>
        <p class="hint warn">{t.cut}</p>
      </>
    );
  const whole = <pre class="text">{JSON.stringify(value, null, 2)}</pre>;
  if (!isRecord(value)) return whole;
  return (
    <>
      <FieldTable fields={value} />
      <details class="details">
        <summary>{t.asJson}</summary>
        {whole}
      </details>
    </>
  );
}

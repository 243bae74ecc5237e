import { useSignal } from "@preact/signals";
import { type Field, noShape, schemaOfShape, type Shape, shapeOf } from "../../../data/answers/fields.js";
import { isRecord } from "../../../data/answers/records.js";
import { type FormatProblem, schemaProblem } from "../../../engine/chat/format/check-format.js";
import { format } from "../../../messages/format.js";
import { Icon } from "../../../parts/icons.js";
import { FieldForm } from "./field-form.js";
import { JsonText } from "./json-text.js";

interface Props {
  readonly title: string;
  readonly shape: Shape;
  readonly onShape: (shape: Shape) => void;
  /** Checks a written schema; default: as a schema of answers. */
  readonly check?: (schema: Readonly<Record<string, unknown>>) => Promise<FormatProblem | null>;
}

/** What a field is, in a few words. */
function Described({ field: { kind, values, required } }: { field: Field }) {
  const t = format().field;
  const what = values.length > 0 ? `${kind === "list" ? `${t.kinds.list}: ` : ""}${values.join(" | ")}` : t.kinds[kind];
  return <span class="hint">{required ? what : `${what}, ${t.optional}`}</span>;
}

function Listed({ shape: { fields }, onShape }: Pick<Props, "shape" | "onShape">) {
  const t = format().field;
  const editing = useSignal<string | null>(null);
  const use = (next: readonly Field[]) => onShape({ fields: next, written: null });
  const namesBut = (name: string | null) => fields.map((field) => field.name).filter((other) => other !== name);
  return (
    <>
      {fields.length > 0 && (
        <ul class="listed">
          {fields.map((field) => (
            <li key={field.name}>
              {editing.value === field.name ? (
                <FieldForm
                  field={field}
                  taken={namesBut(field.name)}
                  onField={(changed) => {
                    editing.value = null;
                    use(fields.map((other) => (other === field ? changed : other)));
                  }}
                />
              ) : (
                <>
                  <span>
                    <strong>{field.name}</strong> <Described field={field} />
                  </span>
                  <button
                    type="button"
                    class="quiet small"
                    aria-label={t.edit(field.name)}
                    onClick={() => (editing.value = field.name)}
                  >
                    <Icon name="pen" />
                  </button>
                  <button
                    type="button"
                    class="quiet small"
                    aria-label={t.remove(field.name)}
                    onClick={() => use(fields.filter((other) => other !== field))}
                  >
                    <Icon name="trash" />
                  </button>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {editing.value === null && (
        <FieldForm field={null} taken={namesBut(null)} onField={(field) => use([...fields, field])} />
      )}
    </>
  );
}

/** The fields of an object: a list with a small form, or a JSON Schema. */
export function FieldsEditor({ title, shape, onShape, check = schemaProblem }: Props) {
  const t = format().schema;
  const schema = schemaOfShape(shape);
  const checked = async (value: unknown) => {
    if (!isRecord(value)) return { message: t.notObject, path: "" };
    const problem = await check(value);
    return problem && { message: t.refused, technical: problem.message, path: problem.path };
  };
  return (
    <section class="shape-editor">
      <h3>{title}</h3>
      {shape.written === null ? (
        <Listed {...{ shape, onShape }} />
      ) : (
        <>
          <p class="hint">{t.isOwn}</p>
          <button type="button" class="small" onClick={() => onShape(noShape)}>
            {t.toFields}
          </button>
        </>
      )}
      <details class="details">
        <summary>{t.heading}</summary>
        <JsonText
          {...{ label: t.label, use: t.use, value: schema, check: checked }}
          onUse={(value) => onShape(shapeOf(value as Readonly<Record<string, unknown>>))}
        />
      </details>
    </section>
  );
}

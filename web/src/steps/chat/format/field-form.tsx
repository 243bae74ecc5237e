import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { type Field, hasValues, type Kind, kinds } from "../../../data/answers/fields.js";
import { format } from "../../../messages/format.js";
import { Icon } from "../../../parts/icons.js";

interface Props {
  /** The field to change; null for a new one. */
  readonly field: Field | null;
  /** Names of the other fields. */
  readonly taken: readonly string[];
  readonly onField: (field: Field) => void;
}

const separated = (text: string) =>
  [...new Set(text.split(/[,\n]/).map((value) => value.trim()))].filter((value) => value !== "");

/** The name, kind and values of one field. It is no form of its own, because it may lie within one. */
export function FieldForm({ field, taken, onField }: Props) {
  const t = format().field;
  const name = useSignal(field?.name ?? "");
  const kind = useSignal<Kind>(field?.kind ?? "text");
  const values = useSignal(field?.values.join(", ") ?? "");
  const required = useSignal(field?.required ?? true);
  const problem = useSignal<keyof typeof t.problems | null>(null);
  const box = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    if (field !== null) box.current!.focus();
  }, []);
  const take = () => {
    const own = name.value.trim();
    const listed = hasValues(kind.value) ? separated(values.value) : [];
    if (own === "") problem.value = "unnamed";
    else if (taken.includes(own)) problem.value = "twice";
    else if (kind.value === "oneOf" && listed.length === 0) problem.value = "noValues";
    else {
      problem.value = null;
      onField({ name: own, kind: kind.value, values: listed, required: required.value });
      [name.value, kind.value, values.value] = ["", "text", ""];
    }
    // The next field, or what is missing.
    if (problem.value !== "noValues") box.current!.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    take();
  };
  const isAbout = (at: "name" | "values") =>
    problem.value !== null && (problem.value === "noValues") === (at === "values");
  const marked = (at: "name" | "values") => isAbout(at) && { "aria-invalid": true, "aria-describedby": id };
  return (
    <div class="field-form">
      <label>
        {t.name}
        <input
          type="text"
          ref={box}
          value={name.value}
          {...marked("name")}
          {...{ onKeyDown }}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
      <label>
        {t.kind}
        <select value={kind.value} onChange={(event) => (kind.value = event.currentTarget.value as Kind)}>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {t.kinds[one]}
            </option>
          ))}
        </select>
      </label>
      {hasValues(kind.value) && (
        <label class="whole">
          {kind.value === "list" ? t.listValues : t.values}
          <input
            type="text"
            value={values.value}
            placeholder={kind.value === "list" ? t.anyTexts : ""}
            {...marked("values")}
            {...{ onKeyDown }}
            onInput={(event) => (values.value = event.currentTarget.value)}
          />
        </label>
      )}
      {problem.value !== null && (
        <p class="problem whole" role="alert" id={id}>
          <Icon name="stop" /> {t.problems[problem.value]}
        </p>
      )}
      <label class="check">
        <input type="checkbox" checked={required.value} onChange={(e) => (required.value = e.currentTarget.checked)} />
        {t.required}
      </label>
      <button type="button" class="small" onClick={take}>
        {field === null ? t.add : t.change}
      </button>
    </div>
  );
}

import { useSignal } from "@preact/signals";
import { type CallableFunction, functionsFrom, toolOf } from "../../../data/answers/functions.js";
import { format, formOfAnswers, setFormat } from "../../../engine/chat/format/answer-format.js";
import { functionProblem } from "../../../engine/chat/format/check-format.js";
import { loaded } from "../../../engine/chat/language-model.js";
import { format as texts } from "../../../messages/format.js";
import { Icon } from "../../../parts/icons.js";
import { FunctionForm } from "./function-form.js";
import { JsonText } from "./json-text.js";

const argumentsOf = ({ parameters: { fields, written } }: CallableFunction) =>
  written !== null ? "…" : fields.map(({ name }) => name).join(", ");

/** What the open model does with functions, if it is not as it should be. */
function Warning() {
  const t = texts().functions;
  const now = loaded.value;
  if (now === null || (now.writesTools && formOfAnswers.value !== "choices")) return null;
  const said = !now.converses ? t.noTemplate : formOfAnswers.value === "choices" ? t.notWithChoices : t.described;
  return <p class="hint warn">{said}</p>;
}

function AsJson() {
  const t = texts().functions;
  const check = async (value: unknown) => {
    const found = functionsFrom(value);
    const pathOf = (place: number) => (Array.isArray(value) ? `[${place}]` : "");
    if ("kind" in found) return { message: t.problems[found.kind], path: pathOf(found.place) };
    for (const [place, called] of found.entries()) {
      const wrong = await functionProblem(called);
      if (wrong === null) continue;
      const inner = Object.hasOwn(Object((value as object[])[place] ?? value) as object, "function") ? "function." : "";
      const path = [pathOf(place), `${inner}parameters`, wrong.path].filter((part) => part !== "").join(".");
      return { message: t.problems.refused, technical: wrong.message, path };
    }
    return null;
  };
  return (
    <details class="details">
      <summary>{t.asJson}</summary>
      <JsonText
        {...{ label: t.jsonLabel, use: t.use, value: format.value.functions.map(toolOf), check }}
        onUse={(value) => setFormat({ functions: functionsFrom(value) as readonly CallableFunction[] })}
      />
    </details>
  );
}

/** The functions that the model may call. */
export function Functions() {
  const t = texts().functions;
  const { functions, mustCall } = format.value;
  /** The name of the function that is changed, "" for a new one, null for none. */
  const editing = useSignal<string | null>(null);
  const use = (next: readonly CallableFunction[]) => {
    editing.value = null;
    setFormat({ functions: next });
  };
  const form = (given: CallableFunction | null) => (
    <FunctionForm
      given={given}
      taken={functions.filter((other) => other !== given).map(({ name }) => name)}
      onCancel={() => (editing.value = null)}
      onFunction={(made) =>
        use(given === null ? [...functions, made] : functions.map((other) => (other === given ? made : other)))
      }
    />
  );
  return (
    <section class="functions">
      <h3>{t.heading}</h3>
      <p class="hint">{t.hint}</p>
      {(functions.length > 0 || editing.value !== null || loaded.value?.converses === false) && <Warning />}
      {functions.length > 0 && (
        <ul class="listed">
          {functions.map((own) => (
            <li key={own.name}>
              {editing.value === own.name ? (
                form(own)
              ) : (
                <>
                  <span>
                    <code>
                      {own.name}({argumentsOf(own)})
                    </code>{" "}
                    <span class="hint">{own.description}</span>
                  </span>
                  <button
                    type="button"
                    class="quiet small"
                    aria-label={t.edit(own.name)}
                    onClick={() => (editing.value = own.name)}
                  >
                    <Icon name="pen" />
                  </button>
                  <button
                    type="button"
                    class="quiet small"
                    aria-label={t.remove(own.name)}
                    onClick={() => use(functions.filter((other) => other !== own))}
                  >
                    <Icon name="trash" />
                  </button>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {editing.value === "" ? (
        form(null)
      ) : (
        <button
          type="button"
          class="small"
          disabled={loaded.value?.converses === false}
          onClick={() => (editing.value = "")}
        >
          {t.new}
        </button>
      )}
      {functions.length > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={mustCall}
            onChange={(event) => setFormat({ mustCall: event.currentTarget.checked })}
          />
          {t.mustCall}
        </label>
      )}
      {loaded.value?.converses !== false && <AsJson />}
    </section>
  );
}

import { useSignal } from "@preact/signals";
import type { EncoderId } from "../../engine/encoders.js";
import type { Task } from "../../data/target.js";
import { downloads } from "../../messages/downloads.js";
import { notify } from "../../state/view.js";
import { snippetsFor } from "./snippet-texts.js";

const places = ["page", "node", "python", "edge"] as const;
type Place = (typeof places)[number];

/** Code samples that use the classifier. */
export function Snippets({ task, encoder }: { task: Task; encoder: EncoderId }) {
  const t = downloads();
  const snippets = snippetsFor(task, encoder);
  const place = useSignal<Place>("page");
  const copy = async () => {
    await navigator.clipboard.writeText(snippets[place.value]);
    notify(t.copied);
  };
  return (
    <section class="snippets" aria-labelledby="use-heading">
      <h2 id="use-heading">{t.use}</h2>
      <p class="hint">{t.useHint}</p>
      <fieldset class="tabs">
        <legend class="hidden">{t.use}</legend>
        {places.map((name) => (
          <label key={name}>
            <input type="radio" name="place" checked={place.value === name} onChange={() => (place.value = name)} />
            {t.places[name]}
          </label>
        ))}
      </fieldset>
      <pre tabIndex={0}>
        <code>{snippets[place.value]}</code>
      </pre>
      <button type="button" class="small" onClick={() => void copy()}>
        {t.copy}
      </button>
    </section>
  );
}

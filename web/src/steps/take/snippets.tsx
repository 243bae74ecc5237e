import { useSignal } from "@preact/signals";
import type { EncoderId } from "../../engine/encoders.js";
import type { Task } from "../../data/target.js";
import { downloads } from "../../messages/downloads.js";
import { notify } from "../../state/notice.js";
import { type Place, snippetsFor } from "./snippet-texts.js";

const places: readonly Place[] = ["page", "node", "serve", "python", "edge"];

/** Code samples that use the classifier. */
export function Snippets({ task, encoder }: { task: Task; encoder: EncoderId }) {
  const t = downloads();
  const snippets = snippetsFor(task, encoder);
  // The server classifies; it has no address for numbers and marked words.
  const shown = places.filter((name) => snippets[name] !== null);
  const place = useSignal<Place>("page");
  const copy = async () => {
    await navigator.clipboard.writeText(snippets[place.value]!);
    notify(t.copied);
  };
  return (
    <section class="snippets" aria-labelledby="use-heading">
      <h2 id="use-heading">{t.use}</h2>
      <p class="hint">{t.useHint}</p>
      <fieldset class="tabs">
        <legend class="hidden">{t.use}</legend>
        {shown.map((name) => (
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

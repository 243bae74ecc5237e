import { useSignal } from "@preact/signals";
import type { EncoderId } from "../../engine/encoders.js";
import type { Task } from "../../data/target.js";
import { downloads } from "../../messages/downloads.js";
import { Program } from "../../parts/program.js";
import { type Place, snippetsFor } from "./snippet-texts.js";

const places: readonly Place[] = ["page", "node", "serve", "python", "edge"];

/** Code samples that use the classifier. */
export function Snippets({ task, encoder }: { task: Task; encoder: EncoderId }) {
  const t = downloads();
  const snippets = snippetsFor(task, encoder);
  // The server classifies; it has no address for numbers and marked words.
  const shown = places.filter((name) => snippets[name] !== null);
  const place = useSignal<Place>("page");
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
      <Program program={snippets[place.value]!} texts={t} />
    </section>
  );
}

import { useSignal } from "@preact/signals";
import { encoderOf } from "../../engine/classify.js";
import { downloads } from "../../messages/downloads.js";
import { Program } from "../../parts/program.js";
import { type Run, taskOf } from "../../state/runs.js";
import { usesHead } from "../judge/verdict-text.js";
import { type Place, snippetsFor } from "./snippet-texts.js";

const places: readonly Place[] = ["page", "node", "serve", "python", "edge"];

/** Code samples that use the classifier. */
export function Snippets({ run }: { run: Run }) {
  const t = downloads();
  const snippets = snippetsFor(taskOf(run), encoderOf(run), usesHead(run));
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

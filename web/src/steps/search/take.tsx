import { useSignal } from "@preact/signals";
import { table } from "../../engine/search/collection.js";
import { indexedAdapter } from "../../engine/search/indexing.js";
import { search } from "../../messages/search.js";
import { Icon } from "../../parts/icons.js";
import { Problem } from "../../parts/problem.js";
import { save } from "../../parts/save.js";
import { notify } from "../../state/view.js";
import { programFor, type ProgramPlace, programPlaces } from "./programs.js";
import "../../style/take.css";

/** The search as a zip, and programs that use it. */
export function Take() {
  const t = search();
  const place = useSignal<ProgramPlace>("command");
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const isAdapted = indexedAdapter.value !== null;
  const program = programFor(place.value, isAdapted);
  const take = async () => {
    busy.value = true;
    error.value = null;
    try {
      const { searchZip } = await import("./archive.js");
      save(`${table.value!.name.replace(/\.[^.]*$/, "")}-search.zip`, await searchZip(), "application/zip");
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = false;
    }
  };
  const copy = async () => {
    await navigator.clipboard.writeText(program);
    notify(t.copied);
  };
  return (
    <section class="take take-search" aria-labelledby="take-search">
      <h2 id="take-search">{t.takeHeading}</h2>
      <p class="hint">{t.takeHint(isAdapted)}</p>
      <button type="button" disabled={busy.value} onClick={() => void take()}>
        <Icon name="down" /> {busy.value ? t.preparing : t.take}
      </button>
      {error.value !== null && <Problem error={error.value} title="" />}
      <h3>{t.use}</h3>
      <p class="hint">{t.useHint}</p>
      <fieldset class="tabs">
        <legend class="hidden">{t.use}</legend>
        {programPlaces.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="search-place"
              checked={place.value === name}
              onChange={() => (place.value = name)}
            />
            {t.places[name]}
          </label>
        ))}
      </fieldset>
      <pre tabIndex={0}>
        <code>{program}</code>
      </pre>
      <button type="button" class="small" onClick={() => void copy()}>
        {t.copy}
      </button>
    </section>
  );
}

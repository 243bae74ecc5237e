import { useSignal } from "@preact/signals";
import { Program } from "./program.js";

interface Props<Place extends string> {
  /** Name of the group of choices, one of its kind on a page. */
  readonly name: string;
  readonly texts: {
    readonly use: string;
    readonly useHint: string;
    readonly copy: string;
    readonly copied: string;
    readonly places: Readonly<Record<Place, string>>;
  };
  readonly programFor: (place: Place) => string;
}

/** Programs to copy, one for each place where they run. */
export function Programs<Place extends string>({ name, texts, programFor }: Props<Place>) {
  const { use, useHint, places } = texts;
  const names = Object.keys(places) as Place[];
  const place = useSignal(names[0]!);
  return (
    <>
      <h3>{use}</h3>
      <p class="hint">{useHint}</p>
      <fieldset class="tabs">
        <legend class="hidden">{use}</legend>
        {names.map((one) => (
          <label key={one}>
            <input type="radio" name={name} checked={place.value === one} onChange={() => (place.value = one)} />
            {places[one]}
          </label>
        ))}
      </fieldset>
      <Program program={programFor(place.value)} texts={texts} />
    </>
  );
}

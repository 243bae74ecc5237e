import { card } from "../../messages/card.js";
import type { Run } from "../../state/runs.js";
import { cardOf } from "./card.js";

/** What the model was trained on, its result and its limits, as in the README.md of its zip file. */
export function ModelCard({ of }: { of: Run }) {
  const t = card();
  const { data, result, limits } = cardOf(of);
  const parts = [
    [t.dataHeading, data],
    [t.resultHeading, result],
    [t.limitsHeading, limits],
  ] as const;
  return (
    <section class="card" aria-labelledby="card-heading">
      <h2 id="card-heading">{t.heading}</h2>
      <p class="hint">{t.hint}</p>
      <div>
        {parts.map(([heading, sentences]) => (
          <div key={heading}>
            <h3>{heading}</h3>
            <ul>
              {sentences.map((sentence) => (
                <li key={sentence}>{sentence}</li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}

import { details, type Details as Changed } from "../../engine/rank/training.js";
import { m } from "../../messages/index.js";
import { rank } from "../../messages/rank.js";

const limits = {
  steps: { min: 1, max: 100_000, step: 1 },
  learningRate: { min: 0.00001, max: 0.1, step: "any" },
} as const;

/** Settings in place of those of the chosen thoroughness. */
export function Details() {
  const t = rank();
  const titles: Readonly<Record<keyof Changed, string>> = {
    steps: t.steps,
    learningRate: m().train.fields.learningRate,
  };
  return (
    <details class="details">
      <summary>{m().train.details}</summary>
      <div class="fields">
        {(["steps", "learningRate"] as const).map((name) => (
          <label key={name}>
            {titles[name]}
            <input
              type="number"
              {...limits[name]}
              value={details.value[name] ?? ""}
              placeholder={t.asAbove}
              onChange={({ currentTarget: { value, validity } }) => {
                const { [name]: _, ...others } = details.value;
                details.value = validity.valid && value !== "" ? { ...others, [name]: Number(value) } : others;
              }}
            />
          </label>
        ))}
      </div>
    </details>
  );
}

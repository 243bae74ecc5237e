import { isInUse } from "../engine/train.js";
import { m } from "../messages/index.js";

/** The message for an error, by its class. */
export function Problem({ error, title }: { error: unknown; title: string }) {
  const { errors, technical } = m().train;
  const { name, message } = error as Error;
  return (
    <div class="problem" role="alert">
      <strong>{title}</strong>{" "}
      {errors[isInUse(error) ? "inUse" : name === "QuotaExceededError" ? "QuotaError" : name] ?? errors["other"]}
      <details>
        <summary>{technical}</summary>
        <p lang="en">
          {name}: {message}
        </p>
      </details>
    </div>
  );
}

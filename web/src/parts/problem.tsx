import { isInUse } from "../engine/train.js";
import { m } from "../messages/index.js";

/** The message for an error, by its class. `files` means that the user chose the files, so a damaged one cannot be downloaded again. */
export function Problem({ error, title, files = false }: { error: unknown; title: string; files?: boolean }) {
  const { errors, technical } = m().train;
  const { name: own, message } = error as Error;
  const name = files && own === "FormatError" ? "AdapterError" : own;
  return (
    <div class="problem" role="alert">
      <strong>{title}</strong>{" "}
      {errors[isInUse(error) ? "inUse" : name === "QuotaExceededError" ? "QuotaError" : name] ?? errors["other"]}
      <details>
        <summary>{technical}</summary>
        <p lang="en">
          {own}: {message}
        </p>
      </details>
    </div>
  );
}

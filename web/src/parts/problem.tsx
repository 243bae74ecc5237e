import { isCleared } from "../state/training-errors.js";
import { m } from "../messages/index.js";

/** The message for an error, by its class. `files` means that the user chose the files, so a damaged one cannot be downloaded again. */
export function Problem({ error, title, files = false }: { error: unknown; title: string; files?: boolean }) {
  const { errors, technical } = m().train;
  const { name: own, message } = error as Error;
  const shown = (isCleared(error) && "cleared") || (files && own === "FormatError" && "AdapterError");
  return (
    <div class="problem" role="alert">
      <strong>{title}</strong> {errors[shown || (own === "QuotaExceededError" ? "QuotaError" : own)] ?? errors["other"]}
      <details>
        <summary>{technical}</summary>
        <p lang="en">
          {own}: {message}
        </p>
      </details>
    </div>
  );
}

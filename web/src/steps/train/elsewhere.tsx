import { m } from "../../messages/index.js";

/** Says that another tab trains a run. It is paused there, and there is nothing to continue or to delete here. */
export function Elsewhere({ name }: { name: string }) {
  const t = m().train;
  return (
    <section class="unfinished" role="status">
      <div>
        <h2>{t.elsewhere(name)}</h2>
        <p>{t.elsewhereHint}</p>
      </div>
    </section>
  );
}

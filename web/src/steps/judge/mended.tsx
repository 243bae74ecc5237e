import { signal } from "@preact/signals";
import { m } from "../../messages/index.js";
import { tell } from "../../state/view.js";

/** Rows that were mended or labelled since the page was opened, or since training began again. */
const mended = signal(0);

/** Does it, counts it and says that it can be undone. */
export function mend(work: () => void): void {
  work();
  mended.value++;
  tell(m().judge.mended, true);
}

/** How much was mended, and the way to the next run. */
export function Retrain() {
  const t = m().judge;
  if (mended.value === 0) return null;
  return (
    <p class="retrain">
      {t.retrain(mended.value)}{" "}
      <a class="button" href="#train" onClick={() => (mended.value = 0)}>
        {t.trainAgain}
      </a>
    </p>
  );
}

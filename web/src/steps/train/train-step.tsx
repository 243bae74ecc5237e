import { discard, train } from "../../engine/train.js";
import { failure, training } from "../../state/training.js";
import { m } from "../../messages/index.js";
import { Empty } from "../../parts/empty.js";
import { Problem } from "../../parts/problem.js";
import { stops } from "../../state/findings.js";
import { elsewhere } from "../../state/elsewhere.js";
import { project } from "../../state/project.js";
import { newestOf, unfinished } from "../../state/runs.js";
import { Elsewhere } from "./elsewhere.js";
import { Live } from "./live.js";
import { Plan } from "./plan.js";
import { show } from "./show.js";

/** A run that was paused, or left unfinished by an earlier visit. */
function Unfinished() {
  const run = unfinished.value;
  const t = m().train;
  if (run === null) return null;
  const goOn = async () => {
    const now = await newestOf(run);
    show(now.status === "finished" ? now : await train(now));
  };
  const forget = () => {
    failure.value = null;
    discard(run).catch((error: unknown) => (failure.value = error));
  };
  if (elsewhere.value.has(run.id)) return <Elsewhere name={run.name} />;
  return (
    <section class="unfinished">
      <div>
        <h2>{t.unfinished(run.name)}</h2>
        <p>{t.unfinishedHint}</p>
      </div>
      <div class="actions">
        <button type="button" class="primary" onClick={() => void goOn()}>
          {t.goOn}
        </button>
        <button type="button" onClick={forget}>
          {t.discard}
        </button>
      </div>
    </section>
  );
}

/** The second step: the training. */
export function TrainStep() {
  const t = m().train;
  if (training.value !== null) return <Live />;
  const isReady = project.value !== null && !stops.value;
  return (
    <div class="train">
      {failure.value !== null && <Problem error={failure.value} title={t.failed} />}
      <Unfinished />
      {isReady ? (
        <Plan />
      ) : (
        <Empty title={project.value === null ? t.nothing : t.stopped} hint={t.nothingHint}>
          <a class="button primary" href="#data">
            {t.toData}
          </a>
        </Empty>
      )}
    </div>
  );
}

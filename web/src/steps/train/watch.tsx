import type { ShownExample } from "lowrank/jobs";
import { standOf, toShow, type Watched, type Watching } from "../../engine/watched.js";
import { m } from "../../messages/index.js";
import { progress } from "../../messages/progress.js";
import { Icon } from "../../parts/icons.js";

const SHOWN = 5;

function written(value: ShownExample["predicted"]): string {
  if (typeof value === "number") return m().plainNumber(value, 3);
  if (typeof value === "string") return value;
  return value.length === 0 ? progress().nothing : value.join(", ");
}

function One({ one, isSearch }: { one: Watching; isSearch: boolean }) {
  const t = progress();
  const [before, now] = [written(one.before), written(one.predicted)];
  return (
    <li data-right={one.right}>
      {one.right !== null && (
        <span class="mark">
          {one.right && <Icon name="check" />}
          <span class="hidden">{one.right ? t.right : t.wrong}</span>
        </span>
      )}
      <p class="text">{one.text}</p>
      <p class="facts">
        <span class="prediction">{isSearch ? t.finds(now) : before === now ? now : t.changed(before, now)}</span>
        {!one.right && !isSearch && <span>{t.yours(written(one.target))}</span>}
      </p>
    </li>
  );
}

/** Texts of the user that the model is not trained on, with its predictions at the start and now. */
export function Watch({ watched, isSearch = false }: { watched: Watched; isSearch?: boolean }) {
  const t = progress();
  const { kind, before, now } = standOf(watched);
  const shown = toShow(watched, SHOWN);
  return (
    <section class="watch" aria-labelledby="watch-heading">
      <h2 id="watch-heading">{t.watched}</h2>
      <p>
        {kind === "right"
          ? t.turned(now, watched.now.length, before)
          : t.closer(m().error(now, watched.now.length), m().error(before, watched.now.length))}{" "}
        {shown.length === 0 && t.allRight}
      </p>
      {shown.length > 0 && (
        <ul>
          {shown.map((one) => (
            <One key={one.text} one={one} isSearch={isSearch} />
          ))}
        </ul>
      )}
    </section>
  );
}

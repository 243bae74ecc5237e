import { together } from "../../messages/together.js";
import { m } from "../../messages/index.js";
import { type Membership } from "../../state/membership.js";

/** This tab's rounds, oldest first. */
export function Rounds({ now }: { now: Membership }) {
  const t = together();
  if (now.rounds.length === 0) return null;
  return (
    <table class="rounds">
      <caption>{t.rounds}</caption>
      <thead>
        <tr>
          <th scope="col">{t.columns.round}</th>
          <th scope="col" class="number">
            {t.columns.loss}
          </th>
          <th scope="col">{t.columns.state}</th>
        </tr>
      </thead>
      <tbody>
        {now.rounds.map(({ round, rounds, loss, state }) => (
          <tr key={round} data-state={state}>
            <th scope="row">{t.round(round, rounds)}</th>
            <td class="number">{loss === null ? "…" : m().decimal(loss)}</td>
            <td>{t.parts[state]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

import { measure, type Measured, measured, measureProblem, measuring } from "../../engine/kernels/measure.js";
import { products } from "../../engine/kernels/products.js";
import { kernels } from "../../messages/kernels.js";
import { Problem } from "../../parts/problem.js";
import "../../style/kernels.css";

/** The bars for a number of threads, relative to the peak of that many threads. */
function Bars({ now, threads }: { now: Measured; threads: number }) {
  const t = kernels();
  const most = now.peak === null ? null : now.peak * threads;
  return (
    <section class="bars">
      <h2>{t.threads(threads)}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.columns.product}</th>
            <th scope="col" colSpan={2}>
              {t.columns.peak}
            </th>
          </tr>
        </thead>
        <tbody>
          {products.map(({ use, m: rows, k, n }, product) => {
            const found = now.rates.find((rate) => rate.product === product && rate.threads === threads);
            const share = found === undefined || most === null ? null : Math.min(found.rate / most, 1);
            return (
              <tr key={use}>
                <th scope="row">
                  {t.product(rows, k, n)}
                  <span class="hint">{t.uses[use]}</span>
                </th>
                <td class="scale">
                  <div class="track">
                    <div class="fill" style={{ inlineSize: `${100 * (share ?? 0)}%` }} />
                  </div>
                  <span class="hint">{found === undefined ? "" : t.rate(found.rate)}</span>
                </td>
                <td class="share">{share === null ? "…" : t.share(share)}</td>
              </tr>
            );
          })}
          <tr class="peak">
            <th scope="row">{t.peak}</th>
            <td class="scale">
              <div class="track">
                <div class="fill" style={{ inlineSize: most === null ? "0" : "100%" }} />
              </div>
              <span class="hint">{most === null ? "" : t.rate(most)}</span>
            </td>
            <td class="share">{most === null ? "…" : t.share(1)}</td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}

/** Speed of the kernels in this browser, compared with the peak. */
export function KernelsPage() {
  const t = kernels();
  const now = measured.value;
  const busy = measuring.value;
  return (
    <div class="kernels">
      <div class="lead">
        <h1>{t.heading}</h1>
        <p class="intro">{t.intro}</p>
      </div>
      <div class="actions">
        <button type="button" class="primary" disabled={busy} onClick={measure}>
          {busy ? t.measuring : now === null ? t.measure : t.again}
        </button>
        <span class="hint">{t.time}</span>
      </div>
      <p class="hidden" role="status">
        {busy ? t.measuring : ""}
      </p>
      {measureProblem.value !== null && <Problem error={measureProblem.value} title={t.failed} />}
      {now !== null && (
        <>
          <div class="beside">
            {now.threads.map((threads) => (
              <Bars key={threads} {...{ now, threads }} />
            ))}
          </div>
          <div class="notes">
            {now.threads.length === 1 && (
              <details>
                <summary>{t.oneThread}</summary>
                <p lang="en">{now.refused}</p>
              </details>
            )}
            <p class="hint">{t.builds[now.build]}</p>
            <p class="hint">
              {t.peak}: {t.peakHint}. {t.busy}
            </p>
          </div>
        </>
      )}
    </div>
  );
}

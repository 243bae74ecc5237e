// @needs browser
// @rest studio
import type { JobEvent, ReadyJob } from "lowrank/jobs";
import { expect, it } from "vitest";
import { after, atStart, type JobProgress, timeLeft } from "../../web/src/engine/job-progress.js";

const job = { resumedAfter: null, estimate: { seconds: { total: 90 } } } as unknown as ReadyJob;
const phase = (name: string, more: object = {}) => ({ type: "progress", phase: name, done: 1, total: 4, ...more });

it("the time left is the estimate before training, what is measured while it trains, and none while the result is tested", () => {
  const events = [{ type: "ready", job }, phase("tokenize"), phase("encode-validation"), phase("train", { secondsLeft: 40 }), phase("validate")]; // prettier-ignore
  let now: JobProgress = atStart;
  const left = events.map((event) => {
    [now] = after(event as JobEvent, now, { training: [], validation: [] });
    return timeLeft(now);
  });
  expect(timeLeft(atStart)).toBe(null);
  const estimate = { seconds: 90, isMeasured: false };
  expect(left).toEqual([estimate, estimate, estimate, { seconds: 40, isMeasured: true }, null]);
});

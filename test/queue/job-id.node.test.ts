import { QueueKeys } from "bullmq";
import { expect, it } from "vitest";
import { jobId } from "../../ts/queue/job-id.js";

it("an id is none of the names that BullMQ has beside its jobs", () => {
  const own = Object.keys(new QueueKeys().getKeys("queue")).filter((name) => name !== "");
  expect(own).toContain("completed");
  for (const name of own) expect(() => jobId("submit", name)).toThrow(/id is none of the queue's own names/);
});

it.each(["", "a b", "a:b", "12", 12, null])("%j is no id", (id) => {
  expect(() => jobId("submit", id)).toThrow(/^submit: id/);
});

it.each(["tenant-7", "Completed", "is-completed", "12a", "ö"])("%j is one", (id) => {
  expect(jobId("submit", id)).toBe(id);
});

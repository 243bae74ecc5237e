// @rest services
import { PRIORITY_LIMIT, QueueKeys } from "bullmq";
import { expect, it } from "vitest";
import { jobId, queueName } from "../src/jobs/job-id.js";
import { takeSubmission } from "../src/jobs/submission.js";

it("an id is none of the names that BullMQ has beside its jobs", () => {
  const own = Object.keys(new QueueKeys().getKeys("queue")).filter((name) => name !== "");
  expect(own).toContain("completed");
  for (const name of own) expect(() => jobId("submit", name)).toThrow(/id is not one of the queue's reserved names/);
});

it.each(["", "a b", "a:b", "12", 12, null, "a\0b", "a\u001b[2J", "\ud800"])("%j is no id", (id) => {
  expect(() => jobId("submit", id)).toThrow(/^submit: id/);
});

it.each(["tenant-7", "Completed", "is-completed", "12a", "ö", "../a", "日本🎉", "__proto__"])("%j is one", (id) => {
  expect(jobId("submit", id)).toBe(id);
});

it.each(["", "a:b", "a\0b", "\udc00", 7])("%j is no queue's name", (name) => {
  expect(() => queueName("open", name)).toThrow(/^open: name/);
});

it("priorities and attempts have the bounds that BullMQ and its servers have", () => {
  const taken = (options: object) => takeSubmission("submit", { spec: { data: "a.csv" }, out: "/a" }, options).given;
  const most = { priority: PRIORITY_LIMIT, attempts: 20 };
  expect(taken(most)).toMatchObject(most);
  expect(() => taken({ priority: PRIORITY_LIMIT + 1 })).toThrow(/priority is a whole number from 1 to 2097151/);
  expect(() => taken({ attempts: 21 })).toThrow(/attempts is a whole number from 1 to 20/);
});

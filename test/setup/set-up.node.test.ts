import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  runSteps,
  stepsForAllTests,
  stepsForPackage,
  stepsForStart,
  stepsForTests,
} from "../../scripts/setup/index.mjs";

type Step = Parameters<typeof runSteps>[0][number];

/** Steps that note when they begin and end; each ends when `end` is called with its title. */
function noted() {
  const events: string[] = [];
  const ends = new Map<string, () => void>();
  const step = (title: string, options: Partial<Step> = {}): Step => ({
    title,
    makes: title,
    needed: () => true,
    ...options,
    run: () => {
      events.push(`${title} begins`);
      return new Promise<void>((resolve) => ends.set(title, () => (events.push(`${title} ends`), resolve())));
    },
  });
  const end = async (title: string) => {
    ends.get(title)!();
    await new Promise(setImmediate);
  };
  return { events, step, end };
}

it("steps run beside each other where they do not wait for one another, and no more than there is room for", async () => {
  const { events, step, end } = noted();
  const steps = [
    step("fetch", { uses: "network" }),
    step("a"),
    step("b", { after: ["a", "fetch"] }),
    step("c", { makes: "b" }),
    step("last", { after: ["b"] }),
  ];
  const ran = runSteps(steps);
  await new Promise(setImmediate);
  expect(events.splice(0)).toEqual(["fetch begins", "a begins", "c begins"]);
  await end("a");
  expect(events.splice(0)).toEqual(["a ends"]);
  await end("fetch");
  expect(events.splice(0)).toEqual(["fetch ends", "b begins"]);
  await end("b");
  // What two steps make is there when both have ended.
  expect(events.splice(0)).toEqual(["b ends"]);
  await end("c");
  expect(events.splice(0)).toEqual(["c ends", "last begins"]);
  await end("last");
  expect(await ran).toBe(5);
});

it("a step is asked whether it is needed once what it waits for is there", async () => {
  let isThere = false;
  const first: Step = { title: "first", makes: "it", needed: () => true, run: () => void (isThere = true) };
  const { events, step } = noted();
  expect(await runSteps([step("second", { after: ["it"], needed: () => !isThere }), first])).toBe(1);
  expect(events).toEqual([]);
});

it("after a failure no step begins, and those that run end before it is thrown", async () => {
  const { events, step, end } = noted();
  const failing: Step = { title: "failing", needed: () => true, run: () => Promise.reject(new Error("no room")) };
  let isOver = false;
  const ran = runSteps([step("long"), failing, step("later", { after: ["long"] })]).finally(() => (isOver = true));
  const refused = expect(ran).rejects.toThrow("no room");
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  await end("long");
  await refused;
  expect(events).toEqual(["long begins", "long ends"]);
});

it.each([
  ["npm start", stepsForStart()],
  ["npm start -- --threads 1", stepsForStart(["--threads", "1"])],
  ["npm test", stepsForTests()],
  ["npm run test:all", stepsForAllTests()],
  ["npm run build", stepsForPackage],
])("every step of %s waits for something that the list makes, and none for itself", async (_, steps) => {
  const made = new Set(steps.flatMap(({ makes }) => makes ?? []));
  const waited = steps.flatMap(({ after = [] }) => after);
  expect(waited.filter((name) => !made.has(name))).toEqual([]);
  const none = steps.map((step): Step => ({ ...step, needed: () => false }));
  expect(await runSteps(none)).toBe(0);
});

it("the Studio waits for the packages that it imports", () => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync("web/package.json", "utf8"));
  const imported = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => name.startsWith("@lowrank/"));
  expect(imported).not.toEqual([]);
  const steps: Step[] = stepsForTests();
  const makers = imported.map((name) => steps.find(({ title }) => title.startsWith(name))!);
  const studio = steps.find(({ makes }) => makes === "studio")!;
  expect(studio.after).toEqual(expect.arrayContaining(makers.map(({ makes }) => makes)));
});

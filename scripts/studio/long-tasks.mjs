// node scripts/studio/long-tasks.mjs [rows]: the longest tasks of the page's main thread while the Studio reads a table and while it trains on it, and what
// they ran.
// Prints the processor's time, which other programs do not change, beside the time on the clock.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { Studio } from "./driver.mjs";

const count = Number(process.argv[2] ?? 400);
const lines = (await readFile(join(root, "examples/movie/movie_train.tsv"), "utf8")).split("\n").filter(Boolean);
const rows = Array.from({ length: count }, (_, i) => {
  const [label, , text] = lines[i % lines.length].split("\t");
  const own = i < lines.length ? text : `${text} (${i})`;
  return `"${own.replaceAll('"', '""')}",${label === "1" ? "good" : "bad"}`;
});

/** Tasks that are printed. */
const PRINTED = 6;

/** Tasks of the main thread of the page, the longest first. */
function tasksOf(events) {
  const threads = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const own = events.filter(({ pid, tid, ph }) => ph === "X" && threads.has(`${pid} ${tid}`));
  const tasks = own.filter(({ name }) => name === "RunTask" || name === "ThreadControllerImpl::RunTask");
  const ranIn = (task) =>
    own
      .filter((one) => one !== task && one.ts >= task.ts && one.ts + one.dur <= task.ts + task.dur && one.dur > 3000)
      .sort((a, b) => b.dur - a.dur)
      .slice(0, 4)
      .map(
        ({ name, dur, args }) =>
          `${name} ${(dur / 1000).toFixed(0)} ms ${args?.data?.functionName ?? args?.data?.type ?? ""}`,
      );
  const longestFirst = tasks.sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
  // A training has a hundred thousand tasks: what ran is looked up for those that are printed.
  return longestFirst.map((task, i) => ({
    processor: (task.tdur ?? 0) / 1000,
    clock: task.dur / 1000,
    ran: i < PRINTED ? ranIn(task) : [],
  }));
}

/** Traces the page during `act`, and prints its longest tasks. */
async function traced(page, title, act) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const ended = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  const timeline = ["devtools.timeline", "disabled-by-default-devtools.timeline"];
  const traceConfig = { includedCategories: ["toplevel", ...timeline, "blink.user_timing"] };
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig });
  await act();
  await session.send("Tracing.end");
  await ended;
  await session.detach();
  const tasks = tasksOf(events);
  const long = tasks.filter(({ processor }) => processor > 50);
  console.log(`${title}: ${tasks.length} tasks, ${long.length} of them longer than 50 ms`);
  for (const { processor, clock, ran } of tasks.slice(0, PRINTED))
    console.log(`${processor.toFixed(0).padStart(5)} ms (on the clock ${clock.toFixed(0)})  ${ran.join("; ")}`);
}

const studio = await Studio.start();
try {
  const page = await studio.open();
  page.setDefaultTimeout(600_000);
  const table = join(studio.folder, "own.csv");
  await writeFile(table, `opinion,verdict\n${rows.join("\n")}\n`);
  await page.waitForTimeout(2000);
  await traced(page, `reading ${count} rows`, async () => {
    await page.locator("input[type=file]").first().setInputFiles(table);
    await page.locator("section.rows").waitFor();
    // The language of the texts, and what may be wrong with the labels.
    await page.waitForTimeout(3000);
  });
  await page.getByRole("link", { name: "Go on to training" }).click();
  await page.getByLabel("Quick look").check();
  await page.waitForTimeout(3000);
  await traced(page, "training", async () => {
    await page.getByRole("button", { name: "Start training" }).click();
    await page.getByText(/^Measured once, on/).waitFor();
  });
} finally {
  await studio.end();
}

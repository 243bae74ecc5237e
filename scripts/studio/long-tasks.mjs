// node scripts/studio/long-tasks.mjs [rows] [data] [search] [rank] [chat]: the longest tasks of the page's main thread while these pages of the
// Studio read a table, and while it trains on that of `data`; and the functions that ran in them.
// Prints the processor's time, which other programs do not change, beside the time on the clock.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";
import { Studio } from "./driver.mjs";

const [, , given = "400", ...names] = process.argv;
const count = Number(given);
const asked = names.length === 0 ? ["data"] : names;
const lines = (await readFile(join(root, "examples/movie/movie_train.tsv"), "utf8")).split("\n").filter(Boolean);
const rows = Array.from({ length: count }, (_, i) => {
  const [label, , text] = lines[i % lines.length].split("\t");
  const own = i < lines.length ? text : `${text} (${i})`;
  return [own, label === "1" ? "good" : "bad"];
});

/** Tasks that are printed. */
const PRINTED = 6;

/** Functions in which most samples of a profile fell between two times in µs, with their milliseconds. */
function functionsIn({ nodes, samples, timeDeltas, startTime }, from, to) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const spent = new Map();
  let at = startTime;
  samples.forEach((id, i) => {
    at += timeDeltas[i];
    if (at < from || at > to) return;
    const { functionName, lineNumber, url } = byId.get(id);
    const name = `${functionName || "anonymous"}${url === "" ? "" : ` (${url.split("/").at(-1)}:${lineNumber + 1})`}`;
    spent.set(name, (spent.get(name) ?? 0) + timeDeltas[i] / 1000);
  });
  const most = [...spent].sort(([, a], [, b]) => b - a).slice(0, 4);
  return most.map(([name, milliseconds]) => `${name} ${milliseconds.toFixed(0)}`).join(", ");
}

/** Tasks of the main thread of the page, the longest first. */
function tasksOf(events) {
  const threads = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const own = events.filter(({ pid, tid, ph }) => ph === "X" && threads.has(`${pid} ${tid}`));
  const tasks = own.filter(({ name }) => name === "ThreadControllerImpl::RunTask");
  return tasks.sort((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0));
}

/** Traces the page during `act`, and prints its longest tasks. */
async function traced(page, title, act) {
  const session = await page.context().newCDPSession(page);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  const ended = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Profiler.enable");
  await session.send("Profiler.setSamplingInterval", { interval: 1000 });
  await session.send("Profiler.start");
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel"] },
  });
  await act();
  await session.send("Tracing.end");
  await ended;
  const { profile } = await session.send("Profiler.stop");
  await session.detach();
  const tasks = tasksOf(events);
  const long = tasks.filter(({ tdur = 0 }) => tdur > 50_000);
  console.log(`${title}: ${tasks.length} tasks, ${long.length} of them longer than 50 ms`);
  for (const { ts, dur, tdur = 0 } of tasks.slice(0, PRINTED))
    console.log(
      `${(tdur / 1000).toFixed(0).padStart(5)} ms (on the clock ${(dur / 1000).toFixed(0)})  ${functionsIn(profile, ts, ts + dur)}`,
    );
}

/** What each page reads, and what shows that it was read. */
const pages = {
  data: {
    table: () => csv("opinion,verdict", (text, label) => [text, label]),
    seen: "section.rows",
  },
  search: {
    table: () => csv("question,answer", (text, _, i) => [`which film is number ${i}`, text]),
    seen: ".collection",
  },
  rank: {
    table: () =>
      csv("question,text,label", (text, label, i) => [`which film is ${i % 500}`, text, label === "good" ? "1" : "0"]),
    seen: ".collection",
  },
  chat: {
    table: () => csv("question,answer", (text, _, i) => [`which film is number ${i}`, text]),
    seen: ".teach .prepared",
  },
};

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
const csv = (head, fields) =>
  `${head}\n${rows.map(([text, label], i) => fields(text, label, i).map(quoted).join(",")).join("\n")}\n`;

/** @param {keyof typeof pages} name */
async function read(studio, name) {
  const page = await studio.open(name);
  page.setDefaultTimeout(600_000);
  const table = join(studio.folder, `${name}.csv`);
  await writeFile(table, pages[name].table());
  if (name === "chat") {
    await page.getByRole("button", { name: "Open SmolLM2" }).click();
    await page.getByLabel("Your message").waitFor();
  }
  await page.waitForTimeout(2000);
  await traced(page, `${name}: reading ${count} rows`, async () => {
    await page
      .locator(`${name === "chat" ? ".teach " : ""}input[type=file]`)
      .first()
      .setInputFiles(table);
    await page.locator(pages[name].seen).first().waitFor();
    // The language of the texts, and what may be wrong with the labels.
    await page.waitForTimeout(3000);
  });
  return page;
}

const studio = await Studio.start({ minify: false });
try {
  for (const name of asked) {
    const page = await read(studio, name);
    if (name === "data") {
      await page.getByRole("link", { name: "Go on to training" }).click();
      await page.getByLabel("Quick look").check();
      await page.waitForTimeout(3000);
      await traced(page, "training", async () => {
        await page.getByRole("button", { name: "Start training" }).click();
        await page.getByText(/^Measured once, on/).waitFor();
      });
    }
    await page.close();
  }
} finally {
  await studio.end();
}

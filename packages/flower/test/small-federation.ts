import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright";
import { Flower } from "../../../scripts/servers/flower.mjs";
import { lowrank, project } from "../../../test/cli/fixture.js";
import { tinyEncoder } from "../../../test/models/tiny-encoder.js";
import { BrowserDriver } from "../../../test/pages/browser-driver.js";
import { tinyTasks } from "../../../test/tasks/tiny-tasks.js";
import type { FederationEvent } from "../src/join-options.js";
import type { federation as ofPage } from "./in-page.js";

declare global {
  /** What pages of these tests have. */
  var federation: typeof ofPage;
}

/** Settings of these tasks' data, as a spec and as a command has them. */
const columns = {
  tokens: [{ task: "tokens" }, ["--task", "tokens"]],
  regress: [{ task: "regress", label: "stars" }, ["--task", "regress", "--label", "stars"]],
  "multi-label": [{ multiLabel: true }, ["--multi-label"]],
  pairs: [{ task: "pairs" }, ["--task", "pairs"]],
} as const;
export type Task = keyof typeof columns;

/** Which half of a task's data a node has. */
export type Part = 0 | 1;

const page = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/lib/in-page.js"></script>`;

/** A Flower server, and nodes of a tiny model: tabs and processes, whose engines have the same build. */
export class SmallFederation {
  private constructor(
    readonly flower: Flower,
    private readonly driver: BrowserDriver,
    readonly folder: string,
  ) {}

  static async start(): Promise<SmallFederation> {
    const [flower, folder] = await Promise.all([Flower.start(), mkdtemp(join(tmpdir(), "lowrank-federated-"))]);
    const ofFlower = { address: flower.address, script: "packages/flower/test/in-page.ts" };
    const driver = await BrowserDriver.start({ "node.html": page }, null, ofFlower);
    const model = await tinyEncoder();
    driver.models.add("tiny", model);
    for (const [name, bytes] of Object.entries(model)) await writeFile(join(folder, name), bytes);
    return new SmallFederation(flower, driver, folder);
  }

  async end(): Promise<void> {
    await Promise.all([this.driver.end(), this.flower.stop()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** An app of a task on the tiny model. */
  async app(name: string, task: Task, ...options: string[]): Promise<string> {
    const { file, data } = tinyTasks[task];
    await writeFile(this.at(file), data);
    const own = ["--model", this.folder, "--data", this.at(file), ...columns[task][1]];
    const run = ["flower", "app", this.at(name), ...own, "--rank", "2", "--batch-size", "8", ...options];
    const { code, err } = await lowrank(run);
    if (code !== 0) throw new Error(err);
    return this.at(name);
  }

  /** A node's data, in a file, and its spec. */
  async job(task: Task, part: Part) {
    const { name, rows } = half(task, part);
    await writeFile(this.at(name), rows);
    return { ...columns[task][0], model: this.folder, data: this.at(name) };
  }

  /** A node as a process; what it prints. */
  async child(task: Task, part: Part): Promise<string> {
    const { model, data } = await this.job(task, part);
    const own = ["--model", model, "--data", data, ...columns[task][1], "--build", "simd", "--threads", "1"];
    const join = ["dist/cli.js", "flower", "join", "--server", this.flower.address, ...own];
    const { stdout } = await promisify(execFile)("node", join, { cwd: project });
    return stdout;
  }

  /** A page with what `joined` needs. */
  async page(): Promise<Page> {
    const page = await this.driver.open("/node.html");
    await page.waitForFunction("globalThis.federation !== undefined");
    return page;
  }

  /** A node as a tab, which trains in a worker; `hear` gets its events without files. Gives the number of rounds. */
  async joined(page: Page, task: Task, part: Part, hear: (event: FederationEvent) => void): Promise<number> {
    await page.exposeFunction("hear", hear);
    const job = { ...columns[task][0], model: "/models/tiny", data: half(task, part).name };
    const { rounds } = await page.evaluate(
      async ({ job, name, rows }) => {
        const { joinFederation, keptSources, startWorker } = federation;
        const worker = await startWorker({ build: "simd", threads: 1 });
        const sources = keptSources({ data: { [name]: rows } });
        const onEvent = ({ files: _, ...event }: FederationEvent & { files?: unknown }) =>
          void (globalThis as unknown as { hear: (event: unknown) => void }).hear(event);
        return joinFederation({ server: "/flower", job, worker, sources, onEvent });
      },
      { job, ...half(task, part) },
    );
    return rounds;
  }
}

/** A half of a task's data, with the name of its file. */
function half(task: Task, part: Part): { readonly name: string; readonly rows: string } {
  const { file, data } = tinyTasks[task];
  const lines = new TextDecoder().decode(data).trimEnd().split("\n");
  const header = file.endsWith(".csv") ? lines.splice(0, 1) : [];
  const middle = lines.length / 2;
  const own = part === 0 ? lines.slice(0, middle) : lines.slice(middle);
  return { name: `${part}-${file}`, rows: `${[...header, ...own].join("\n")}\n` };
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as remote from "../../../../ts/worker/index.js";
import { workerFile } from "../../../worker/in-worker.js";
import { own } from "../wrong.js";
import { endWorker, setStage, stage, workerCalls } from "./calls.js";
import { differences } from "./pairs.js";
import { hostileValues, REVOKED } from "./wrong.js";

beforeAll(setStage);
afterAll(endWorker);

describe("whatever comes, a call in a worker answers as the call itself, and leaves what is the caller's", () => {
  it.each(workerCalls)("%s", { timeout: 300_000 }, async (_, pair) => {
    expect(await differences(stage, pair)).toEqual([]);
  });

  it("and after all of that the worker works", async () => {
    await stage.renew();
    expect(await stage.there.encoder.encode(["a good film"])).toEqual(await stage.here.encoder.encode(["a good film"]));
  });

  it("what starts a worker refuses by name, or starts one", { timeout: 300_000 }, async () => {
    const problems: string[] = [];
    const names = ["url", "worker", "startLimit", "build", "threads"] as const;
    for (const name of names)
      for (const [what, value] of Object.entries(hostileValues())) {
        // The file is there, but for what stands in its place.
        const place = name === "url" || name === "worker" ? {} : { url: workerFile };
        const options = { threads: 1, build: "simd", ...place, [name]: value } as never;
        const error: unknown = await remote.startWorker(options).then(
          (started) => started.terminate(),
          (thrown: unknown) => thrown,
        );
        const theirs = error === own || (what === REVOKED && error instanceof TypeError);
        if (error !== undefined && !theirs && !(error instanceof remote.LowrankError))
          problems.push(`${what} as ${name}: ${String(error)}`);
      }
    expect(problems).toEqual([]);
  });
});

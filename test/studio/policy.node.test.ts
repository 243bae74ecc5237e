// @needs browser
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { sitePolicy } from "../../scripts/site/policy.mjs";
import type { Studio } from "../../scripts/studio/driver.mjs";
import { servedStudio } from "../cli/commands/served-studio.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { answered, begin, finished, openTable, tinyStudio } from "./tiny-studio.js";

/** As `lowrank studio` sends it, and docs/studio.md says what a policy needs. */
const policy = await servedStudio(async (url) => (await fetch(url)).headers.get("Content-Security-Policy")!);
const POLICY = policy.result;

let studio: Studio;
afterEach(() => studio?.end());

const open = async (policy: string) => {
  ({ studio } = await tinyStudio(await tinyEncoder(), { policy }));
};
const measure = async () => {
  const page = await studio.open("kernels");
  await page.getByRole("button", { name: "Measure" }).click();
  return page;
};

it("may ask on the site whom it may ask with lowrank studio", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-"));
  const connect = (policy: string) => /connect-src [^;]*/.exec(policy)![0];
  expect(connect(sitePolicy(folder))).toBe(connect(POLICY));
  await rm(folder, { recursive: true });
});

it("trains, answers, measures and stays for the next visit under Trusted Types", { timeout: 240_000 }, async () => {
  expect(POLICY).toMatch(/^default-src 'none'; .*; trusted-types lowrank lowrank-studio$/);
  await open(POLICY);
  const page = await openTable(studio);
  await begin(page);
  await finished(page);
  expect((await answered(page, "the story was warm")).percent).toBeGreaterThan(0);
  expect(await page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active !== null)")).toBe(true);
  await (await measure()).getByText("Maximum of this processor").first().waitFor({ timeout: 120_000 });
});

it("says what is missing where the site lets it make no policy", { timeout: 120_000 }, async () => {
  await open(POLICY.replace(/trusted-types [\w -]+$/, "trusted-types 'none'"));
  const page = await measure();
  await page.getByText("The measurement failed").waitFor();
  await page.getByText("Technical message").click();
  await page.getByText("TrustedScriptURL").first().waitFor();
  // And may be asked again.
  await page.getByRole("button", { name: "Measure" }).waitFor();
});

// @needs browser
// @rest studio
import type { Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { give, Studio } from "../../scripts/studio/driver.mjs";

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.start();
});
afterAll(() => studio?.end());

const words = { delivery: ["parcel", "courier", "late"], payment: ["invoice", "card", "refund"] };
const rows = Object.entries(words).flatMap(([label, known]) =>
  Array.from({ length: 30 }, (_, i) => `My ${known[i % 3]} number ${i} is not what I asked for,${label}`),
);
/** Labelled wrongly on purpose. */
const wrong = "My parcel number 99 is not what I asked for";
const table = `text,label\n${rows.join("\n")}\n${wrong},payment\n`;

/** Begins a run on the table that is there. */
async function begin(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Train", exact: false }).first().click();
  await page.getByText("Details").click();
  await page.getByLabel("Rows per step").fill("2");
  await page.getByLabel("Rows per step").press("Tab");
  await page.getByRole("button", { name: "Start training" }).click();
}

/** SHA-256 of what the newest finished run left, without its times. */
const resultOf = (page: Page) =>
  page.evaluate(async () => {
    interface Kept {
      readonly began: number;
      readonly status: string;
      readonly files: Record<string, Uint8Array<ArrayBuffer>>;
    }
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open("lowrank-studio");
      request.onsuccess = () => resolve(request.result);
    });
    const runs = await new Promise<Kept[]>((resolve) => {
      const request = db.transaction("runs").objectStore("runs").getAll();
      request.onsuccess = () => resolve(request.result as Kept[]);
    });
    db.close();
    const [newest] = runs.filter(({ status }) => status === "finished").sort((a, b) => b.began - a.began);
    const hash = async (name: string) => {
      const digest = await crypto.subtle.digest("SHA-256", newest!.files[name]!);
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    };
    return Promise.all(["adapter_model.safetensors", "head.safetensors"].map(hash));
  });

it(
  "a run that was paused, whose tab was closed and whose browser was killed ends with the bits of an undisturbed one",
  { timeout: 300_000 },
  async () => {
    const first = await studio.open();
    await give(first, "tickets.csv", table);
    await begin(first);
    await first.getByText("Measured once").waitFor({ timeout: 120_000 });
    const undisturbed = await resultOf(first);
    await begin(first);
    await first.getByText(/^Saved up to step [1-9]/).waitFor({ timeout: 120_000 });
    // A second tab says that the first has the run, and offers nothing to continue or to delete.
    const other = await studio.open("train");
    await other.getByText("Training on “tickets.csv” runs in another tab.").waitFor();
    expect(await other.locator(".unfinished button").count()).toBe(0);
    await other.getByRole("link", { name: "Download" }).click();
    const row = other.locator(".history tr", { hasText: "in another tab" });
    expect(await row.getByRole("button", { name: "Delete" }).isDisabled()).toBe(true);
    await other.getByRole("link", { name: "Train", exact: true }).click();
    await first.getByRole("button", { name: "Pause" }).click();
    // Once the first tab has let go of it, it is there to continue.
    await other.getByText("Training on “tickets.csv” is not finished.").waitFor({ timeout: 60_000 });
    await other.close();
    await first.getByRole("button", { name: "Continue" }).click({ timeout: 60_000 });
    await first.getByText(/^Saved up to step [1-9]/).waitFor({ timeout: 120_000 });
    await first.close();
    const second = await studio.open("train");
    await second.getByText("Training on “tickets.csv” is not finished.").waitFor();
    await studio.kill();
    const third = await studio.open("train");
    await third.getByRole("button", { name: "Continue" }).click();
    await third.getByText("Measured once").waitFor({ timeout: 120_000 });
    expect(await resultOf(third)).toEqual(undisturbed);
    // Who has not seen the wrong label doubts it.
    await third.getByRole("button", { name: "Look for doubtful labels" }).click();
    await third
      .locator(".doubts")
      .getByRole("button", { name: /^Show \d+ more$/ })
      .click();
    await expect.poll(() => third.locator(".doubts li .text").allInnerTexts()).toContain(wrong);
    await third.locator(".doubts li", { hasText: wrong }).getByRole("button", { name: "Remove the row" }).click();
    await third.getByText("1 change since this training").waitFor();
    // Both are remembered, and one is forgotten with its files.
    await third.getByRole("link", { name: "Download" }).click();
    await expect.poll(() => third.locator(".history tbody tr").count()).toBe(2);
    third.on("dialog", (dialog) => void dialog.accept());
    await third.getByRole("button", { name: "Delete" }).first().click();
    await expect.poll(() => third.locator(".history tbody tr").count()).toBe(1);
  },
);

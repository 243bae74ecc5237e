import { zipSync } from "fflate";
import type { Page } from "playwright";
import type { Studio } from "../../scripts/studio/driver.mjs";
import type { FileMap } from "../../ts/io/file-access.js";
import { changedJson, decoderFiles, type DecoderName } from "../models/language/golden-decoder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { tinyStudio } from "./tiny-studio.js";

/** The Studio's chat, without a model. */
export async function chatPage(): Promise<{ readonly studio: Studio; readonly page: Page }> {
  const { studio } = await tinyStudio(await tinyEncoder());
  const page = await studio.open("chat");
  page.setDefaultTimeout(60_000);
  return { studio, page };
}

/** A file as a person picks it. */
export const picked = (name: string, content: string | Uint8Array) => ({
  name,
  mimeType: "application/octet-stream",
  buffer: Buffer.from(content),
});

/** A small model with room for a conversation. @param template its chat template; null for none */
export async function smallModel(decoder: DecoderName, template: string | null): Promise<FileMap> {
  const files = changedJson(await decoderFiles(decoder), "config.json", { max_position_embeddings: 4096 });
  const settings = { bos_token: "<s>", eos_token: "</s>", chat_template: template };
  return {
    ...files,
    ...(template !== null && { "tokenizer_config.json": new TextEncoder().encode(JSON.stringify(settings)) }),
  };
}

/** Opens it. */
export async function openModel(
  page: Page,
  decoder: DecoderName,
  template: string | null,
  name = "tiny.zip",
): Promise<void> {
  const zip = zipSync({ ...(await smallModel(decoder, template)) });
  await page.locator(".choose input[type=file]").first().setInputFiles(picked(name, zip));
  await page.getByLabel("Your message").waitFor();
}

/** Trains for some steps on one pair of question and answer. */
export async function teach(page: Page, name: string, answer: string): Promise<void> {
  const rows = Array.from({ length: 12 }, (_, i) => `Who is number ${i}?;${answer}`);
  await page.locator(".teach input[type=file]").setInputFiles(picked(name, `Question;Answer\n${rows.join("\n")}\n`));
  await page.getByText(`12 examples in “${name}”`).waitFor();
  await page.locator(".prepared summary").click();
  await page.getByRole("spinbutton", { name: "Steps" }).fill("20");
  await page.getByRole("button", { name: "Start training" }).click();
  await page.getByText(`Trained on “${name}”.`).waitFor({ timeout: 120_000 });
}

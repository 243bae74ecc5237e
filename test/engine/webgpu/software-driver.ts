import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { findChromium } from "../../../scripts/browsers/chromium.mjs";

/** Chromium's package has SwiftShader and a loader of Vulkan beside the program, or in Debian's folder if that is a script. */
function folderOfDriver(): string {
  const chromium = findChromium();
  const beside = chromium === null ? [] : [dirname(realpathSync(chromium))];
  const found = [...beside, "/usr/lib/chromium"].find((path) => existsSync(join(path, "vk_swiftshader_icd.json")));
  if (found === undefined) throw new Error(`there is no vk_swiftshader_icd.json beside ${chromium}`);
  return found;
}

/** Environment variables with which Node's package `webgpu` finds Chromium's software adapter. */
export function softwareDriver(): Record<string, string> {
  const folder = folderOfDriver();
  const file = join(folder, "vk_swiftshader_icd.json");
  // The second name is the older one of the first, which a computer may have set.
  return { LD_LIBRARY_PATH: folder, VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file };
}

/** With these it finds no driver. */
export const noDriver = { VK_ICD_FILENAMES: "/nowhere", VK_DRIVER_FILES: "/nowhere" };

import type { EngineInfo } from "./running.js";

/** A GPU's adapter in words: vendor, architecture and description, and whether it is a program on the CPU. */
export function adapterInWords({
  vendor,
  architecture,
  description,
  software,
}: NonNullable<EngineInfo["adapter"]>): string {
  const words = [vendor, architecture, description].filter(Boolean).join(", ") || "without a name";
  return software ? `${words} (software adapter)` : words;
}

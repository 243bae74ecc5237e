import type { EngineInfo } from "./running.js";

type Adapter = NonNullable<EngineInfo["adapter"]>;

/** A GPU's adapter in words: vendor, architecture and description. */
export const adapterName = ({ vendor, architecture, description }: Adapter): string =>
  [vendor, architecture, description].filter(Boolean).join(", ") || "without a name";

/** A GPU's name, and whether it is a program on the CPU. */
export const adapterInWords = (adapter: Adapter): string =>
  `${adapterName(adapter)}${adapter.software ? " (software adapter)" : ""}`;

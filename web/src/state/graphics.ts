import { signal } from "@preact/signals";

/** A graphics card that a training can use. */
interface Graphics {
  readonly name: string;
  /** Whether it is a program on the processor. */
  readonly software: boolean;
}

/** What a graphics card is called. */
export const nameOf = ({
  vendor,
  architecture,
  description,
}: Pick<GPUAdapterInfo, "vendor" | "architecture" | "description">): string =>
  description || [vendor, architecture].filter(Boolean).join(" ");

/** The graphics card; null for none, and before it is found. */
export const graphics = signal<Graphics | null>(null);

/** Looks for the graphics card. A program on the processor is no help; "?gpu=software" in the address offers it, for tests. */
export async function findGraphics(): Promise<void> {
  const { gpu } = navigator as { readonly gpu?: GPU };
  const adapter = (await gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null)) ?? null;
  if (adapter === null) return;
  const { isFallbackAdapter: software } = adapter.info;
  if (software && new URLSearchParams(location.search).get("gpu") !== "software") return;
  graphics.value = { name: nameOf(adapter.info), software };
}

import type { EngineInfo } from "../running.js";

/** Limits that decide which buffers and products an adapter can run. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** What an adapter could do, which is more than what its device is asked for. */
export type AdapterOffer = Pick<NonNullable<EngineInfo["adapter"]>, "features" | "limits">;

/** Features and limits of an adapter, as copies. */
export function adapterOffer({ features, limits }: GPUAdapter): AdapterOffer {
  return {
    features: [...features].sort(),
    limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
  };
}

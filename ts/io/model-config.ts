/** The model class in a config.json, such as "BertForMaskedLM"; null if missing. */
export function architectureOf(config: Readonly<Record<string, unknown>> | null): unknown {
  const { architectures } = config ?? {};
  return Array.isArray(architectures) ? ((architectures as unknown[])[0] ?? null) : null;
}

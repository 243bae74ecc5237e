/** What a config.json calls its model, such as "BertForMaskedLM"; null where it says nothing. */
export function architectureOf(config: Readonly<Record<string, unknown>> | null): unknown {
  const { architectures } = config ?? {};
  return Array.isArray(architectures) ? ((architectures as unknown[])[0] ?? null) : null;
}

import type { FileMap } from "../io/file-map.js";

/**
 * Where tenants' adapters are kept. Names that come here were checked: lower-case letters, digits, `-`, `_` and single dots
 * between them, so each is one part of a path or key and nothing else.
 */
export interface AdapterStore {
  /**
   * An adapter's files by name, as `TextClassifier.save` or PEFT writes them; null where there is no such tenant or version.
   * What a version is never changes: a new adapter is a new version.
   */
  files(tenant: string, version: string): FileMap | null | Promise<FileMap | null>;
  /** Called once files have been read, or were not wanted any more: where they are a copy of the store's own, it may free their memory. */
  done?(files: FileMap): void;
  /** The version that a tenant's requests mean that name none, null for no such tenant. Without it each must name one. */
  current?(tenant: string): string | null | Promise<string | null>;
}

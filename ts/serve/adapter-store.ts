import type { FileMap } from "../io/file-access.js";

/**
 * Where tenants' adapters are stored. Names are checked before: lower-case letters, digits, `-`, `_` and single dots in between, so each is
 * one part of a path or key.
 */
export interface AdapterStore {
  /**
   * An adapter's files by name, as `TextClassifier.save` or PEFT writes them; null for an unknown tenant or version. A version must never
   * change: a new adapter is a new version.
   */
  files(tenant: string, version: string): FileMap | null | Promise<FileMap | null>;
  /** Called when the files have been read, or are not needed any more: a store can then free its copy. */
  done?(files: FileMap): void;
  /** The version of requests that name none; null for an unknown tenant. Without this function, each request must name one. */
  current?(tenant: string): string | null | Promise<string | null>;
}

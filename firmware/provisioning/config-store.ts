/** Where a node keeps its configuration: JSON text, with secrets in it. */
export interface ConfigStore {
  /** What was stored last; `undefined` when nothing ever was. @throws storage-corrupt */
  read(): string | undefined;
  /**
   * Durable when it returns. A power cut at any moment leaves what was there, or `json`.
   * @throws config-invalid when it is too long, storage-failed
   */
  write(json: string): void;
  /** Forgets the configuration. A power cut meanwhile leaves it, or nothing, or a damaged one. */
  clear(): void;
}

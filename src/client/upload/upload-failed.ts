/** What became of one file. */
export interface FileProblem {
  /** Its place among the files that were given, from 0. */
  readonly index: number;
  /**
   * `NOT_SENT`: the store could not be reached, or refused it. `FILE_CHANGED`: while it was being sent, it was changed or could no
   * longer be read. Otherwise why the server did not take what arrived, such as RESOLUTION_TOO_LOW, INVALID_IMAGE or
   * UNSUPPORTED_FORMAT (docs/openapi.json).
   */
  readonly problem: string;
  readonly message: string;
}

/** Photos could not be sent, or are none that the server takes. */
export class UploadFailed extends Error {
  override readonly name = 'UploadFailed';
  constructor(
    readonly problems: readonly FileProblem[],
    options?: ErrorOptions,
  ) {
    super(problems.map(({ index, problem, message }) => `file ${index}: ${problem}: ${message}`).join('; '), options);
  }

  /** Whether the same files would fail again. */
  get isFinal(): boolean {
    return this.problems.some(({ problem }) => problem !== 'NOT_SENT');
  }
}

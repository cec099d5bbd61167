/** Rows of one statement, so that none holds its locks for long. */
export const BATCH_ROWS = 1000;

/**
 * Repeats a deletion of at most `rows` rows until there are no more, or the signal ends it between two of them.
 * @param deleteSome @returns how many it has deleted
 * @param batches of what comes again in a minute, so that it does not keep the rest waiting
 */
export async function deleteInBatches(
  deleteSome: (rows: number) => Promise<number>,
  signal: AbortSignal,
  rows = BATCH_ROWS,
  batches = Number.POSITIVE_INFINITY,
): Promise<number> {
  let deleted = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    signal.throwIfAborted();
    const gone = await deleteSome(rows);
    deleted += gone;
    if (gone < rows) break;
  }
  return deleted;
}

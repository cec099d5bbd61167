/** Rows of one statement, so that none holds its locks for long. */
export const BATCH_ROWS = 1000;
/** Of one kind in one run; what is left goes with the next one. */
const BATCHES_MAX = 100;

/**
 * Repeats a deletion of at most `rows` rows until there are no more.
 * @param deleteSome @returns how many it has deleted
 */
export async function deleteInBatches(
  deleteSome: (rows: number) => Promise<number>,
  signal: AbortSignal,
  rows = BATCH_ROWS,
): Promise<number> {
  let deleted = 0;
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    signal.throwIfAborted();
    const gone = await deleteSome(rows);
    deleted += gone;
    if (gone < rows) break;
  }
  return deleted;
}

/** What was being written for is not as it was read any more: to be read again, and tried again. */
export class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile';
}

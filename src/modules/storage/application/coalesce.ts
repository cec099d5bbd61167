/**
 * Runs work in the background, once at a time: whoever asks while it runs is served by one more run afterwards, which begins
 * after they asked.
 */
export function coalesce(
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): { soon(): void; idle(): Promise<void> } {
  let running: Promise<void> | null = null;
  let askedAgain = false;
  const run = async (): Promise<void> => {
    do {
      askedAgain = false;
      await work().catch(onError);
    } while (askedAgain);
    running = null;
  };
  return {
    soon() {
      if (running) askedAgain = true;
      else running = run();
    },
    async idle() {
      while (running) await running;
    },
  };
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks for many at once what each asks for alone: what comes while a run is under way waits for the next, so that a thousand
 * followers cost one statement at a time and not a thousand connections.
 * @param run answers in the order of the requests
 * @param most of one run
 */
export function batched<Request, Answer>(
  run: (requests: readonly Request[]) => Promise<readonly Answer[]>,
  most: number,
): (request: Request) => Promise<Answer> {
  let waiting: Waiting<Request, Answer>[] = [];
  let running = false;

  async function runAll(): Promise<void> {
    running = true;
    // those that come in the same turn of the event loop go together
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const answers = await run(batch.map(({ request }) => request));
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      if (!running) void runAll();
    });
}

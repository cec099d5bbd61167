/**
 * Fsyncs of folders, shared: whoever asks while one of the same folder is under way joins the next, which begins after all of
 * them have changed the folder. Eight photos of one product need its folder durable once, not eight times.
 */
export class SharedFsyncs {
  private readonly running = new Map<string, Promise<void>>();
  private readonly next = new Map<string, Promise<void>>();

  constructor(private readonly fsync: (folder: string) => Promise<void>) {}

  /** Resolves when what the folder held at the time of the call is beyond a loss of power. */
  of(folder: string): Promise<void> {
    const running = this.running.get(folder);
    if (!running) return this.start(folder);
    const next = this.next.get(folder) ?? this.startAfter(running, folder);
    this.next.set(folder, next);
    return next;
  }

  private start(folder: string): Promise<void> {
    const work = this.fsync(folder).finally(() => this.running.delete(folder));
    this.running.set(folder, work);
    return work;
  }

  private async startAfter(running: Promise<void>, folder: string): Promise<void> {
    // whose failure is told to those who wait for it
    await running.catch(() => undefined);
    this.next.delete(folder);
    await this.start(folder);
  }
}

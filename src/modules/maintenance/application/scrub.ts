import type { ImageId } from '../../../kernel/ids';
import type { Log } from '../../../kernel/log';
import type { TaskReport, TaskRun } from '../domain/maintenance-run';
import { type ScrubbedImage, type ScrubRows, StoreInDoubt } from '../domain/scrub';
import type { RunTask } from './run-task';
import { type ReadingDeps, readingOf } from './scrub-reading';
import { judgeAgain } from './scrub-verdict';

export interface ScrubDeps extends ReadingDeps {
  readonly runTask: RunTask;
  readonly rows: ScrubRows;
  readonly log: Log;
}

export interface ScrubOptions {
  /** The run ends behind the image with which it has read so much. Infinity: it reads the whole set, from its beginning. */
  readonly bytes: number;
  readonly signal?: AbortSignal;
  /** The operator knows that the store is the right one: as many images in a row as there may be are judged. */
  readonly believesStore?: boolean;
  readonly onProgress?: (counts: TaskRun['counts']) => void;
}

const PAGE = 50;
/** More of them in a row are not images that were damaged. */
const SUSPECTS_MAX = 20;

/**
 * Reads stored objects again and compares them with the rows' digests, from where the last run ended: run after run all are covered,
 * and then from the first again. One that is to read all begins there. Memory does not grow with their number.
 * @throws TaskIsRunning, StoreInDoubt; AppError STORAGE_UNAVAILABLE where the store is away: the next run goes on from there
 */
export const scrub =
  (deps: ScrubDeps) =>
  ({ bytes, signal, ...options }: ScrubOptions): Promise<TaskReport> =>
    deps.runTask('scrub', { dryRun: false, rounds: true, ...(signal ? { signal } : {}) }, (run) =>
      new Scrub(deps, run, options).until(bytes),
    );

class Scrub {
  /** Seen not to be right, to be read once more as soon as another image has shown that the store is well. */
  private readonly suspects: ScrubbedImage[] = [];
  private lastRight: ImageId | null = null;
  /** Missing or broken: so would all of a disk be that is not there, or dying. */
  private isAnyMissing = false;
  /** Other bytes under a key prove that this is the store, with its disk. */
  private isAnyWrong = false;

  constructor(
    private readonly deps: ScrubDeps,
    private readonly run: TaskRun,
    private readonly options: Pick<ScrubOptions, 'believesStore' | 'onProgress'>,
  ) {}

  async until(bytes: number): Promise<void> {
    let after = bytes === Number.POSITIVE_INFINITY ? null : (this.run.takenUpAt as ImageId | null);
    for (;;) {
      const page = await this.deps.rows.page(after, PAGE);
      for (const image of page) {
        await this.look(image);
        after = image.id;
        if (this.counted('bytes') >= bytes) return await this.end(after);
      }
      if (page.length < PAGE) break;
      if (this.suspects.length === 0) await this.run.save(after);
    }
    this.run.count('rounds');
    await this.end(null);
  }

  private async end(cursor: ImageId | null): Promise<void> {
    if (!this.options.believesStore) await this.refuseDoubt();
    await this.judgeSuspects();
    await this.run.save(cursor);
  }

  /**
   * Objects are missing, and no image behind the last suspects has shown that the store is well. So one is looked for elsewhere: the
   * last right one, those themselves, the first of the set.
   * @throws StoreInDoubt where none is right now
   */
  private async refuseDoubt(): Promise<void> {
    if (this.suspects.length === 0 || !this.isAnyMissing || this.isAnyWrong) return;
    let left = 0;
    for (const id of [this.lastRight, ...this.suspects.map((image) => image.id)]) {
      const image = id && (await this.deps.rows.byId(id));
      if (image && (await this.isRight(image))) return;
      if (image && id !== this.lastRight) left += 1;
    }
    if (left === 0) return; // their rows are gone
    for (const image of await this.deps.rows.page(null, SUSPECTS_MAX)) if (await this.isRight(image)) return;
    throw new StoreInDoubt(left);
  }

  private async look(image: ScrubbedImage): Promise<void> {
    const isRight = await this.isRight(image);
    this.run.count('objects', image.objects.length);
    this.run.count('images');
    this.options.onProgress?.(this.run.counts);
    if (!isRight) {
      await this.suspect(image);
      return;
    }
    this.lastRight = image.id;
    if (image.damaged && (await this.deps.rows.markWhole(image))) this.run.count('healed');
    await this.judgeSuspects();
  }

  private async isRight(image: ScrubbedImage): Promise<boolean> {
    let isRight = true;
    for (const object of image.objects) {
      this.run.signal.throwIfAborted();
      const { verdict, sizeBytes } = await readingOf(this.deps, object);
      this.run.count('bytes', sizeBytes);
      this.isAnyMissing ||= verdict === 'missing' || verdict === 'broken';
      this.isAnyWrong ||= verdict === 'wrong';
      isRight &&= verdict === 'right';
    }
    return isRight;
  }

  private async suspect(image: ScrubbedImage): Promise<void> {
    this.suspects.push(image);
    if (this.suspects.length <= SUSPECTS_MAX) return;
    if (!this.options.believesStore) throw new StoreInDoubt(this.suspects.length);
    await this.judgeSuspects();
  }

  private async judgeSuspects(): Promise<void> {
    for (const image of this.suspects) await judgeAgain(this.deps, this.run, image);
    this.suspects.length = 0;
  }

  private counted(what: string): number {
    return this.run.counts[what] ?? 0;
  }
}

import type { BackedObject } from '../../domain/backed-object';
import { TooMuchAbsent } from '../../domain/backup-faults';

/** As the audit's: so much may be a matter of single objects. */
const FEW = 100;
const SHARE = 0.01;

/** Objects that rows name and that could not be had. There are few of them, or the backup fails. */
export class AbsentObjects {
  private readonly byKey = new Map<string, BackedObject>();

  /** @param most of how many objects they are */
  constructor(private readonly all: () => number) {}

  get count(): number {
    return this.byKey.size;
  }

  has({ key }: Pick<BackedObject, 'key'>): boolean {
    return this.byKey.has(key);
  }

  /** @throws TooMuchAbsent */
  add(object: BackedObject): void {
    this.byKey.set(object.key, object);
    if (this.count > Math.max(FEW, this.all() * SHARE)) throw new TooMuchAbsent(this.count);
  }

  /** Sorted by name, as every list of objects. */
  sorted(): BackedObject[] {
    return [...this.byKey.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

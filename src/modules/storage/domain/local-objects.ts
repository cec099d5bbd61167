import type { ObjectKey } from '../../../kernel/object-key';
import type { ObjectHead } from './object-store';

/** Objects that are files of this machine, so that the kernel can send them without passing through this process. */
export interface LocalObjects {
  /** Null when there is no such object. `sha256` is known: it is read from the bytes where it has to be. */
  locate(key: ObjectKey): Promise<{ readonly path: string; readonly head: ObjectHead } | null>;
}

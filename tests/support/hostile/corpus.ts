import type { HostileFile } from './hostile-file';
import { jpegBombs } from './jpeg-bombs';
import { metadata } from './metadata';
import { names } from './names';
import { oddJpegs } from './odd-jpegs';
import { oddPngs } from './odd-pngs';
import { pngBombs } from './png-bombs';
import { polyglots } from './polyglots';
import { strangers } from './strangers';
import { truncated } from './truncated';

/** Every hostile file, by its kind. All are made here, none is kept in the repository. */
export const CORPUS: Readonly<Record<string, readonly HostileFile[]>> = {
  truncated,
  polyglots,
  'JPEG bombs': jpegBombs,
  'PNG bombs': pngBombs,
  'odd JPEGs': oddJpegs,
  'odd PNGs': oddPngs,
  'lying metadata': metadata,
  'other formats': strangers,
  names,
};

import { z } from 'zod';
import { AppError } from '../../../../kernel/app-error';
import { type ImageId, isUuid } from '../../../../kernel/ids';
import { type LeaseId, WORK_PHASES } from '../../domain/work/lease';

export { idSchema } from '../../../../platform/http/presigned-puts';

export const phaseSchema = z.enum(WORK_PHASES);
export const timeSchema = z.iso.datetime();

/** Text that a database column can hold. */
export const textSchema = (longest: number) =>
  z.string().trim().min(1).max(longest).refine(isStorable, 'must not contain NUL or half of a surrogate pair');

/** The same, of which the end is cut off: what is wrong with its length must not refuse what it comes with. */
export const cutTextSchema = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .overwrite((text) => [...text].slice(0, longest).join(''))
    .refine(isStorable, 'must not contain NUL or half of a surrogate pair')
    .meta({ description: `What is longer than ${longest} characters is cut off.` });

const LARGEST_JSON = 64 * 1024;
/** Of objects and arrays in each other: whoever reads them walks them by recursion. */
const DEEPEST_JSON = 32;

/** An object that a `jsonb` column can hold. */
export const jsonSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => isShallow(value), { error: `may be nested ${DEEPEST_JSON} deep at most`, abort: true })
  .refine((value) => isStorableJson(value), 'must not contain NUL or half of a surrogate pair')
  .refine((value) => JSON.stringify(value).length <= LARGEST_JSON, `may have ${LARGEST_JSON} characters at most`);

/** @throws AppError NOT_FOUND for what cannot be the id of anything */
export function leaseIdOf(text: string): LeaseId {
  const id = text.toLowerCase(); // RFC 9562, 4: upper case is accepted on input
  if (!isUuid(id)) throw new AppError('NOT_FOUND', 'No such lease of yours.');
  return id as LeaseId;
}

/** @throws AppError IMAGE_NOT_FOUND for what cannot be the id of anything */
export function imageIdOf(text: string): ImageId {
  const id = text.toLowerCase();
  if (!isUuid(id)) throw new AppError('IMAGE_NOT_FOUND');
  return id as ImageId;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Level by level: what is too deep for recursion is told here. */
function isShallow(value: unknown): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 1; depth <= DEEPEST_JSON && level.length > 0; depth += 1) {
    level = level.flatMap((outer) => Object.values(outer).filter(isContainer));
  }
  return level.length === 0;
}

function isContainer(value: unknown): value is object {
  return value !== null && typeof value === 'object';
}

function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([key, inner]) => isStorable(key) && isStorableJson(inner));
}

import type { z } from 'zod';
import { settings } from './settings';

type Groups = typeof settings;
type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;
export type Shape = UnionToIntersection<Groups[keyof Groups]>;

/** Every variable with its schema, without the groups. */
export const shape = Object.assign({}, ...Object.values(settings)) as Shape & Readonly<Record<keyof Shape, z.ZodType>>;

import { describe, expect, test } from 'bun:test';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';
import { AppError } from '../../kernel/app-error';
import { toAppError } from './to-app-error';

const coded = (code: string) => Object.assign(new Error('relation secret_table, 10.0.0.7'), { code });
const ofFile = (code: string, syscall: string) => Object.assign(coded(code), { syscall });
const trpc = (code: TRPCError['code'], cause?: unknown) => new TRPCError({ code, cause });
const invalid = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error;

describe('an error that leaves a procedure', () => {
  test.each<[string, unknown, string]>([
    ['one of ours stays itself', new AppError('QUOTA_EXCEEDED'), 'QUOTA_EXCEEDED'],
    ['one of ours that tRPC wrapped', trpc('FORBIDDEN', new AppError('LEASE_LOST')), 'LEASE_LOST'],
    ['a wrong input', trpc('BAD_REQUEST', invalid(z.strictObject({ a: z.string() }), {})), 'VALIDATION_FAILED'],
    ['a path that is not there', trpc('NOT_FOUND'), 'NOT_FOUND'],
    ['a method that is not there', trpc('METHOD_NOT_SUPPORTED'), 'NOT_FOUND'],
    ['a body that is no JSON', trpc('PARSE_ERROR'), 'MALFORMED_REQUEST'],
    ['a media type that nobody reads', trpc('UNSUPPORTED_MEDIA_TYPE'), 'MALFORMED_REQUEST'],
    ['a body over tRPC’s limit', trpc('PAYLOAD_TOO_LARGE'), 'REQUEST_TOO_LARGE'],
    ['another of tRPC’s', trpc('TIMEOUT'), 'INTERNAL'],
    ['a lost connection', coded('ECONNRESET'), 'DATABASE_UNAVAILABLE'],
    ['a database’s socket that is not there', ofFile('ENOENT', 'connect'), 'DATABASE_UNAVAILABLE'],
    ['a folder that somebody took away', ofFile('ENOENT', 'open'), 'STORAGE_UNAVAILABLE'],
    ['a disk that can’t be read', ofFile('EIO', 'read'), 'STORAGE_UNAVAILABLE'],
    ['a full disk', coded('ENOSPC'), 'STORAGE_UNAVAILABLE'],
    ['a quota that is used up', coded('EDQUOT'), 'STORAGE_UNAVAILABLE'],
    ['a serialization failure after all attempts', coded('40001'), 'DATABASE_UNAVAILABLE'],
    ['an edge that the trigger refused', coded('IP001'), 'INVALID_TRANSITION'],
    ['a deletion of what is under legal hold', coded('IP004'), 'CONFLICT'],
    ['a constraint that nobody expected', coded('23505'), 'INTERNAL'],
    ['what is no error at all', 'a string', 'INTERNAL'],
  ])('%s', (_, error, code) => {
    expect(toAppError(error).code).toBe(code as AppError['code']);
  });

  test('a schema may name the code of its failure, and no code that there is not', () => {
    const naming = (code: string) => z.string().refine(() => false, { params: { code }, error: 'too short' });
    const ofSchema = (schema: z.ZodType) => toAppError(invalid(schema, 'x'));
    expect(ofSchema(naming('INVALID_PROMPT')).code).toBe('INVALID_PROMPT');
    expect(ofSchema(naming('MADE_UP')).code).toBe('VALIDATION_FAILED');
  });

  test('a wrong input names every field that is wrong', () => {
    const schema = z.strictObject({ limit: z.int(), page: z.object({ size: z.int() }) });
    const { details } = toAppError(invalid(schema, { limit: 'x', page: { size: null } }));
    const { fields } = details as { fields: Array<{ path: string }> };
    expect(fields.map(({ path }) => path)).toEqual(['limit', 'page.size']);
  });

  test('nothing of its own words is shown, but its cause is kept for the log', () => {
    const error = coded('23505');
    const seen = toAppError(error);
    expect(JSON.stringify([seen.message, seen.details ?? null])).not.toContain('secret_table');
    expect(seen.cause).toBe(error);
  });
});

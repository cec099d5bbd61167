import fc from 'fast-check';
import type { SignedRequest } from './signed-request';

/** Makes another request of a signed one, by a change of one kind. */
export type Forgery = (signed: SignedRequest) => SignedRequest;
type Edit = (text: string) => string;
type Query = SignedRequest['query'];

/** Where something happens, as a share of a length: anywhere, all alike (fc.double is nearly always next to an end), and at an end. */
const place = fc.oneof(
  { weight: 3, arbitrary: fc.nat(999_999).map((millionths) => millionths / 1e6) },
  { weight: 1, arbitrary: fc.constantFrom(0, 0.999_999) },
);
const indexIn = (list: { length: number }, at: number) => Math.floor(at * list.length);

function splice(text: string, at: number, removed: number, by: string): string {
  const from = indexIn(text, at);
  return text.slice(0, from) + by + text.slice(from + removed);
}

/** One character other, one more, one less. */
const edits: fc.Arbitrary<Edit> = fc
  .record({
    at: place,
    removed: fc.constantFrom(0, 1),
    by: fc.option(fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~'), {
      nil: '',
    }),
  })
  .map(({ at, removed, by }) => {
    return (text) => splice(text, at, removed, by);
  });

/** A character percent-encoded, once or twice. */
const encodings: fc.Arbitrary<Edit> = fc.record({ at: place, by: fc.constantFrom('%', '%25') }).map(({ at, by }) => {
  return (path) => splice(path, at, 1, by + path.charCodeAt(indexIn(path, at)).toString(16));
});

/** What path parsers have been fooled by. */
const insertions: fc.Arbitrary<Edit> = fc
  .record({
    at: place,
    by: fc.constantFrom(...'%00 %2f / // /./ /../ %2e%2e/ %2e%2e%2f ..%5c %c0%ae %C0%AF ; % ?'.split(' ')),
  })
  .map(({ at, by }) => {
    return (path) => splice(path, at, 0, by);
  });

const ofPath: fc.Arbitrary<Forgery> = fc.oneof(edits, encodings, insertions).map((edit) => {
  return (signed) => ({ ...signed, path: edit(signed.path) });
});

/** A parameter edited, emptied, there twice, taken away, or named otherwise. */
const PARAMETER_CHANGES: Readonly<Record<string, (name: string, value: string, edit: Edit) => Query>> = {
  edited: (name, value, edit) => [[name, edit(value)]],
  emptied: (name) => [[name, '']],
  precededByAnother: (name, value, edit) => [...pair(name, edit(value)), ...pair(name, value)],
  followedByAnother: (name, value, edit) => [...pair(name, value), ...pair(name, edit(value))],
  dropped: () => [],
  renamed: (name, value, edit) => pair(edit(name), value),
  encodedTwice: (name, value) => pair(name, encodeURIComponent(value)),
};
const pair = (name: string, value: string): Query => [[name, value]];
const ofOneParameter: fc.Arbitrary<Forgery> = fc
  .record({ at: place, change: fc.constantFrom(...Object.values(PARAMETER_CHANGES)), edit: edits })
  .map(({ at, change, edit }) => {
    return (signed) => {
      const chosen = indexIn(signed.query, at);
      const query = signed.query.flatMap(([name, value], index) =>
        index === chosen ? change(name, value, edit) : pair(name, value),
      );
      return { ...signed, query };
    };
  });

/** Later, earlier, longer, on another day: a number becomes another one. */
const ofTimes: fc.Arbitrary<Forgery> = fc
  .record({ at: place, by: fc.integer({ min: -90_000, max: 400_000_000 }) })
  .map(({ at, by }) => {
    const moved = (value: string) => value.replace(/\d{2,}/, (digits) => String(Math.abs(Number(digits) + by)));
    return (signed) => {
      const numbers = signed.query.filter(([, value]) => /\d{2,}/.test(value));
      const chosen = numbers[indexIn(numbers, at)];
      return { ...signed, query: signed.query.map((each) => (each === chosen ? [each[0], moved(each[1])] : each)) };
    };
  });

const anySignature: fc.Arbitrary<Edit> = fc
  .stringMatching(/^[0-9a-f]{64}$|^[A-Za-z0-9_-]{43}$/)
  .map((forged) => () => forged);
const ofSignature: fc.Arbitrary<Forgery> = fc.oneof(edits, anySignature).map((edit) => {
  return (signed) => ({
    ...signed,
    query: signed.query.map(([name, value]) => [name, /signature$/i.test(name) ? edit(value) : value]),
  });
});

/** HEAD is not among them: what may be read may be asked for. OPTIONS neither: it tells what pages may do, of no object. */
const ofMethod: fc.Arbitrary<Forgery> = fc
  .constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'TRACE', 'COPY', 'get', 'put')
  .map((method) => {
    return (signed) => ({ ...signed, method });
  });

/** Signatures, methods, keys, lengths, types, dates and percent-encodings of a URL. */
export const urlForgeries = fc.oneof(ofPath, ofOneParameter, ofTimes, ofSignature, ofMethod);

/** Other bytes, more of them, fewer. */
const ofBody: fc.Arbitrary<Forgery> = fc
  .record({ at: place, removed: fc.constantFrom(0, 1, 5), by: fc.string({ maxLength: 6 }) })
  .map(({ at, removed, by }) => {
    const forge = (body: Uint8Array) => splice(Buffer.from(body).toString('latin1'), at, removed, by);
    return (signed) => ({ ...signed, body: Buffer.from(forge(signed.body ?? new Uint8Array()), 'latin1') });
  });

/** A header of those that were signed, changed or left out. */
const ofHeaders: fc.Arbitrary<Forgery> = fc.record({ at: place, edit: fc.option(edits) }).map(({ at, edit }) => {
  return (signed) => {
    const entries = Object.entries(signed.headers);
    const chosen = entries[indexIn(entries, at)];
    const others = entries.filter((each) => each !== chosen);
    const forged = chosen && edit ? [[chosen[0], edit(chosen[1])]] : [];
    return { ...signed, headers: Object.fromEntries([...others, ...forged]) };
  };
});
const sentAs = (name: string, values: fc.Arbitrary<string>): fc.Arbitrary<Forgery> =>
  values.map((value) => {
    return (signed) => ({ ...signed, headers: { ...signed.headers, [name]: value } });
  });
const ofType = sentAs('content-type', fc.constantFrom('text/html', 'image/svg+xml', 'image/png', 'image/jpeg;x=y', ''));
const ofLength = sentAs('content-length', fc.integer({ min: 0, max: 5_000_000 }).map(String));

/** Of the URL, and of what was signed with it. */
export const putForgeries = fc.oneof(
  { weight: 2, arbitrary: urlForgeries },
  { weight: 1, arbitrary: fc.oneof(ofBody, ofHeaders, ofType, ofLength) },
);

/** What stores and proxies do something by, beside what was signed. @param source another object, as x-amz-copy-source names it */
export function unsignedHeaders(source: string): fc.Arbitrary<Readonly<Record<string, string>>> {
  const values: Readonly<Record<string, readonly string[]>> = {
    'x-amz-copy-source': [source, `/${source}`, `${source}?versionId=null`, encodeURIComponent(source)],
    'x-amz-copy-source-if-match': ['*', 'none', '"none"'],
    'x-amz-copy-source-if-none-match': ['none', '*'],
    'x-amz-copy-source-if-modified-since': ['Thu, 01 Jan 1970 00:00:00 GMT'],
    'x-amz-copy-source-range': ['bytes=0-3'],
    'x-amz-metadata-directive': ['REPLACE', 'COPY'],
    'x-amz-meta-snowball-auto-extract': ['true'],
    'x-amz-tagging': ['a=b'],
    'x-amz-acl': ['public-read', 'public-read-write'],
    'x-amz-storage-class': ['REDUCED_REDUNDANCY'],
    'x-amz-website-redirect-location': ['https://elsewhere.example/'],
    'x-amz-decoded-content-length': ['3'],
    'x-amz-content-sha256': ['UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'],
    'x-amz-trailer': ['x-amz-checksum-crc32'],
    'x-amz-checksum-crc32': ['AAAAAA=='],
    'content-encoding': ['gzip', 'br', 'zstd', 'deflate', 'identity', 'aws-chunked', 'aws-chunked,gzip'],
    'content-language': ['de'],
    'content-disposition': ['attachment; filename="x.html"'],
    'cache-control': ['public, max-age=31536000'],
    'content-range': ['bytes 0-3/28'],
    range: ['bytes=0-3'],
    'if-match': ['*', '"none"'],
    'x-http-method-override': ['DELETE', 'GET'],
    'x-forwarded-host': ['elsewhere.example'],
    expires: ['Thu, 01 Jan 1970 00:00:00 GMT'],
  };
  const one = fc
    .constantFrom(...Object.entries(values))
    .chain(([name, of]) => fc.constantFrom(...of).map((value) => [name, value] as const));
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((headers) => Object.fromEntries(headers));
}

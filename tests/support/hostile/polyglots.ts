import { chunksOf, pngOf } from '../image-bytes';
import type { Kind } from './hostile-file';
import { flat, flatJpeg, segment, withSegments } from './jpeg-parts';

/** What must come back from no variant. */
export const PAYLOAD = '<script>alert(document.domain)</script>';
const HTML = `<!doctype html><html><body>${PAYLOAD}</body></html>`;
const PHP = '<?php system($_GET["c"]); ?>';

/** An empty archive: readers of zip begin at its end, so that it may stand behind anything. */
const ZIP = Buffer.concat([Buffer.from('504b0506', 'hex'), Buffer.alloc(18)]);
const ZIP_WITH_ENTRY = Buffer.concat([
  Buffer.from('504b03040a0000000000', 'hex'),
  Buffer.from('META-INF/MANIFEST.MF'),
  ZIP,
]);

const png = () => flat().png().toBuffer();

async function pngWith(type: string, data: string): Promise<Buffer> {
  const [header, ...rest] = chunksOf(await png());
  return pngOf([header!, { type, data: Buffer.from(data) }, ...rest]);
}

const behind = (bytes: Buffer, what: Buffer | string) => Buffer.concat([bytes, Buffer.from(what as Buffer)]);

/** Files that are an image and something else. They are images by their bytes: kept as such, shown as nothing else. */
export const polyglots: Kind = [
  {
    what: 'HTML in a comment of a JPEG',
    bytes: async () => withSegments(await flatJpeg(), segment(0xfe, HTML)),
    expected: { decoder: 'harmless' },
  },
  { what: 'HTML behind a JPEG', bytes: async () => behind(await flatJpeg(), HTML), expected: { decoder: 'harmless' } },
  {
    what: 'PHP in a comment of a JPEG',
    bytes: async () => withSegments(await flatJpeg(), segment(0xfe, PHP)),
    fileName: 'shell.php.jpg',
    expected: { decoder: 'harmless' },
  },
  {
    what: 'JavaScript in a JPEG whose first lengths are made to be a comment of it',
    bytes: async () => withSegments(await flatJpeg(), segment(0xe0, `/*${'\0'.repeat(12_074)}*/=alert(1);/*`)),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'JavaScript in a text chunk of a PNG',
    bytes: () => pngWith('tEXt', `Comment\0${PAYLOAD}`),
    expected: { decoder: 'harmless' },
  },
  { what: 'HTML behind a PNG', bytes: async () => behind(await png(), HTML), expected: { decoder: 'harmless' } },
  {
    what: 'a zip behind a JPEG',
    bytes: async () => behind(await flatJpeg(), ZIP_WITH_ENTRY),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a zip behind a PNG',
    bytes: async () => behind(await png(), ZIP_WITH_ENTRY),
    fileName: 'photo.jar',
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a PDF in a comment of a JPEG',
    bytes: async () => withSegments(await flatJpeg(), segment(0xfe, '%PDF-1.7\n1 0 obj<</OpenAction 1>>endobj')),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a second JPEG behind the first',
    bytes: async () => behind(await flatJpeg(), await flatJpeg(4000, 3000)),
    expected: { decoder: 'harmless' },
  },
  {
    what: 'a JPEG behind HTML',
    bytes: async () => Buffer.concat([Buffer.from(HTML), await flatJpeg()]),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'a JPEG behind a GIF’s signature',
    bytes: async () => Buffer.concat([Buffer.from('GIF89a'), await flatJpeg()]),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
  {
    what: 'a zip with a JPEG in it',
    bytes: async () => Buffer.concat([Buffer.from('504b0304', 'hex'), await flatJpeg(), ZIP]),
    expected: { refused: 'UNSUPPORTED_FORMAT' },
  },
];

import type { HostileFile, Kind } from './hostile-file';
import { flat } from './jpeg-parts';

const refused = (what: string, bytes: HostileFile['bytes'], contentType = 'image/jpeg'): HostileFile => ({
  what: `${what}, named photo.jpg`,
  bytes,
  contentType,
  expected: { refused: 'UNSUPPORTED_FORMAT' },
});

const text = (content: string) => () => Buffer.from(content);
const BILLION = `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">${[...'bcdefgh'].map((name, n) => `<!ENTITY ${name} "${`&${'abcdefg'[n]};`.repeat(10)}">`).join('')}]>`;
/** Boxes of the formats that phones make; what follows is not looked at. */
const isoBox = (brand: string) => () =>
  Buffer.concat([Buffer.from('0000001c', 'hex'), Buffer.from(`ftyp${brand}`), Buffer.alloc(2000)]);

/** Two frames of one GIF, as a browser would play them. */
async function animated(format: 'gif' | 'webp'): Promise<Buffer> {
  const frames = await Promise.all(['#f00', '#00f'].map((colour) => flat(800, 600, colour).png().toBuffer()));
  const { default: sharp } = await import('sharp');
  return sharp(frames, { join: { animated: true } })
    .toFormat(format, { loop: 0, delay: [100, 100] })
    .toBuffer();
}

/** What libvips could open, and what browsers would run, under the name of a photo. */
export const strangers: Kind = [
  refused(
    'an SVG with a script',
    text('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><script>alert(1)</script></svg>'),
  ),
  refused(
    'an SVG that reads a file',
    text(
      '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><text>&x;</text></svg>',
    ),
  ),
  refused(
    'an SVG of a billion laughs',
    text(`${BILLION}<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><text>&h;</text></svg>`),
  ),
  refused('HTML', text('<!doctype html><script>alert(1)</script>')),
  refused('a GIF that moves', () => animated('gif')),
  refused('a WebP that moves', () => animated('webp')),
  refused('a TIFF', () => flat().tiff().toBuffer()),
  refused('an AVIF', isoBox('avif')),
  refused('a HEIC', isoBox('heic')),
  refused('an MP4', isoBox('isom')),
  refused('a BMP', () => Buffer.concat([Buffer.from('BM'), Buffer.alloc(3000)])),
  refused('a PDF', text('%PDF-1.7\n%âãÏÓ\n')),
  refused('PostScript, which ImageMagick would run', text('%!PS\n(/etc/passwd) (r) file\n')),
  refused(
    'an MVG, which ImageMagick would run',
    text("push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/x'\n"),
  ),
  refused('a JPEG XL', () => Buffer.concat([Buffer.from('ff0a', 'hex'), Buffer.alloc(3000)])),
  refused('a JPEG 2000', () => Buffer.concat([Buffer.from('0000000c6a5020200d0a870a', 'hex'), Buffer.alloc(3000)])),
  refused('a program', () => Buffer.concat([Buffer.from('7f454c46', 'hex'), Buffer.alloc(3000)])),
  refused('zeros', () => Buffer.alloc(3000)),
  {
    what: 'a JPEG that calls itself a PNG',
    bytes: () => flat().jpeg().toBuffer(),
    fileName: 'photo.png',
    contentType: 'image/png',
    expected: { decoder: 'harmless', direct: { problem: 'TYPE_MISMATCH' } },
  },
  {
    what: 'a PNG that calls itself HTML',
    bytes: () => flat().png().toBuffer(),
    fileName: 'index.html',
    contentType: 'text/html',
    expected: { decoder: 'harmless', direct: { start: 'UNSUPPORTED_FORMAT' } },
  },
  {
    what: 'a JPEG that calls itself a program',
    bytes: () => flat().jpeg().toBuffer(),
    fileName: 'photo.exe',
    contentType: 'application/x-msdownload',
    expected: { decoder: 'harmless', direct: { start: 'UNSUPPORTED_FORMAT' } },
  },
];

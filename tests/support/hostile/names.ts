import type { HostileFile, Kind } from './hostile-file';
import { flatJpeg } from './jpeg-parts';

const named = (
  what: string,
  fileName: string,
  expected: HostileFile['expected'] = { decoder: 'harmless' },
): HostileFile => ({
  what: `a photo named ${what}`,
  bytes: () => flatJpeg(),
  fileName,
  expected,
});

/** Names that mean something to a file system, a shell, a header or a browser. None of them names anything here. */
export const names: Kind = [
  named('as a file of the system', '../../../../etc/passwd'),
  named('by an absolute path', '/etc/cron.d/evil'),
  named('by a path of Windows', 'C:\\Windows\\System32\\drivers\\etc\\hosts'),
  named('by an escaped path', '..%2f..%2f..%2fetc%2fpasswd'),
  named('as a device', 'CON.jpg'),
  named('with a NUL in it', 'photo.php\0.jpg'),
  named('as a command', '; rm -rf / #$(reboot)`reboot`.jpg'),
  named('as SQL', "'); DROP TABLE products; --.jpg"),
  named('as HTML', '<img src=x onerror=alert(1)>.jpg'),
  named('from right to left', 'photo\u202Egpj.exe'),
  named('in many scripts', 'фото-写真-📷-ﷺ.jpg'),
  named('by combining marks alone', '\u0301'.repeat(500)),
  named('with ten thousand letters', `${'x'.repeat(10_000)}.jpg`, {
    decoder: 'harmless',
    direct: { start: 'VALIDATION_FAILED' },
  }),
  named('as a prototype', '__proto__'),
  // nothing is left of it as a file's name, and a file has one
  named('with dots alone', '..', { refused: 'MALFORMED_REQUEST', direct: { decoder: 'harmless' } }),
];

type Replacement = readonly [pattern: RegExp, by: string];

const SECRET_PARAMETERS =
  'ticket|token|access_token|refresh_token|signature|sig|secret|password|authorization|connectionparams|x-amz-[a-z0-9-]+';
const SECRET_WORDS =
  'password|passwd|pwd|secret|access_token|refresh_token|client_secret|prompt_text|prompt|authorization|sec-websocket-protocol|ticket|api_?key';

const QUOTED = '"(?:[^"\\\\]|\\\\.)*(?:"|$)';
const ESCAPED = '\\\\"(?:[^"\\\\]|\\\\[^"])*(?:\\\\"|$)';

const REPLACEMENTS: readonly Replacement[] = [
  // drizzle writes every parameter of a failed query into the error's message
  [/(\bparams: )[\s\S]*?(?=\n {4}at |$)/g, '$1[redacted]'],
  // the words before the @ of any URL: user and password of databases and stores
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s"'<>`]*@/gi, '$1[redacted]@'],
  // in a URL, and in a URL that is a parameter of another one
  [new RegExp(`([?&]|%3f|%26)(${SECRET_PARAMETERS})(=|%3d)(?:(?!%26)[^&\\s"'<>\`])+`, 'gi'), '$1$2$3[redacted]'],
  [/\b(bearer|basic)([ ,]+)[\w\-.~+/=]+/gi, '$1$2[redacted]'],
  // header.payload.signature; a header always begins with {" in base64url
  [/\beyJ[\w-]{4,}\.[\w-]+\.[\w-]*/g, '[redacted]'],
  // of backups (age), whole or with a letter too few
  [/\bAGE-SECRET-KEY-[0-9a-z-]+/gi, '[redacted]'],
  // name=value, name: value, JSON in a text, and JSON escaped in JSON
  [
    new RegExp(`(\\b(?:${SECRET_WORDS})\\\\?["']?\\s*[:=]\\s*)(${ESCAPED}|${QUOTED}|'[^']*'|[^\\s,;&}"']+)`, 'gi'),
    '$1[redacted]',
  ],
];

// Most texts of a log are short constants; this spares them the expressions above.
const SUSPECT = /[:=]|eyJ|bearer|basic|age-secret-key/i;

// A text of a client's can be as long as its body; no line needs that, and the expressions must not be led to work on it.
const MAX_LENGTH = 16_384;

/** The text without what looks like a secret, whoever wrote it: tokens, signed URLs, passwords, query parameters. */
export function safeText(text: string): string {
  if (text.length <= MAX_LENGTH && !SUSPECT.test(text)) return text;
  const short = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}… [cut]` : text;
  return REPLACEMENTS.reduce((clean, [pattern, by]) => clean.replace(pattern, by), short);
}

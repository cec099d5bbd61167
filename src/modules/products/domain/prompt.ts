import { AppError } from '../../../kernel/app-error';
import type { Branded } from '../../../kernel/ids';

/** What a seller wrote about the item: trimmed, its lines ended by LF, of allowed length, storable in PostgreSQL. */
export type Prompt = Branded<'Prompt'>;

/** In characters, which are Unicode code points. */
export interface PromptLimits {
  readonly min: number;
  readonly max: number;
}

export const PROMPT_LIMITS: PromptLimits = { min: 10, max: 500 };

/** @throws AppError INVALID_PROMPT when it is missing, too short or too long after trimming, or holds NUL or half a character */
export function parsePrompt(text: string | undefined, limits: PromptLimits = PROMPT_LIMITS): Prompt {
  if (text === undefined) throw invalidPrompt('prompt_text is missing.', limits);
  // Forms send every line break as CR LF (HTML Standard, "multipart form data"), JSON as it was written: one text is one prompt by every door.
  const prompt = text.replace(/\r\n?/g, '\n').trim();
  const length = codePoints(prompt);
  if (length < limits.min || length > limits.max) {
    throw invalidPrompt(`prompt_text needs ${limits.min} to ${limits.max} characters; this one has ${length}.`, limits);
  }
  // PostgreSQL's text holds neither NUL nor anything that is not UTF-8, to which a lone surrogate has no translation.
  if (prompt.includes('\0') || !prompt.isWellFormed()) {
    throw invalidPrompt('prompt_text contains a character that cannot be stored.', limits);
  }
  return prompt as Prompt;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _character of text) count++;
  return count;
}

function invalidPrompt(message: string, limits: PromptLimits): AppError {
  return new AppError('INVALID_PROMPT', message, {
    details: { min_characters: limits.min, max_characters: limits.max },
  });
}

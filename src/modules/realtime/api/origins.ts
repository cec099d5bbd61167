import { AppError } from '../../../kernel/app-error';

/**
 * Browsers open WebSockets to any site, without asking it first: here it is asked by what pages may call this API at all.
 * Programs send no Origin. @see RFC 6455, 10.2
 * @throws AppError FORBIDDEN
 */
export function originCheck(corsOrigins: readonly string[], publicUrl: () => string) {
  const listed = new Set(corsOrigins);
  return (request: Request): void => {
    const origin = request.headers.get('origin')?.toLowerCase();
    if (origin === undefined || listed.has('*') || listed.has(origin)) return;
    const ours = [`http://${request.headers.get('host')}`, `https://${request.headers.get('host')}`];
    if ([...ours, new URL(publicUrl()).origin].includes(origin)) return;
    throw new AppError('FORBIDDEN', 'Pages of this origin may not open a WebSocket here.');
  };
}

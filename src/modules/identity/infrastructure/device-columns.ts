import type { Device } from '../domain/session';
import { plainAddress } from './network';

const MOST_USER_AGENT_CHARACTERS = 400;

/** Both come from outside and only inform: what the columns can't hold is cut or left out, and never fails a login. */
export function deviceColumns({ ip, userAgent }: Device): Device {
  return { ip: ip === null ? null : plainAddress(ip), userAgent: userAgent === null ? null : shortText(userAgent) };
}

function shortText(text: string): string {
  const storable = text.toWellFormed().replaceAll('\0', '');
  return [...storable].slice(0, MOST_USER_AGENT_CHARACTERS).join('');
}

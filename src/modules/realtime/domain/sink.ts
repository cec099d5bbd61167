import type { EventMessage } from './event-message';

/** Why a following ends by our doing. */
export type EndReason = 'expired' | 'revoked' | 'not-found' | 'slow' | 'stopping';

/** Where a follower's messages go: a WebSocket or an event stream. It holds a bounded amount and says when that is reached. */
export interface Sink {
  /** @param position the last event number that whoever has received this message has been told of */
  send(message: EventMessage, position: number): void;
  /** More waits than should: nothing is to be sent before there is room. */
  readonly full: boolean;
  /** False when there has been none for too long, or it has ended. */
  room(): Promise<boolean>;
  /** @param position where to resume; null where that is not told */
  end(why: EndReason, position: number | null): void;
}

/**
 * Why a shard closes a connection. The range is the contract [P5]: 4000–4499 = reconnect, 4500–4999 = stop.
 * `docs/reference/errors.md` is generated from this list.
 */
export const closeCodes = {
  draining: { code: 4000, client: 'reconnect (advice came in `reconnect`)' },
  credential_expired: { code: 4001, client: 'get a new ticket, reconnect' },
  slow_consumer: { code: 4002, client: 'reconnect, resync' },
  moved: { code: 4003, client: 'reconnect: another shard owns the user' },
  overloaded: { code: 4004, client: 'reconnect after at least 5 s: this shard sheds load' },
  invalid_credential: { code: 4500, client: 'stop' },
  revoked: { code: 4501, client: 'stop (reserved)' },
  unsupported_version: { code: 4502, client: 'stop' },
  too_many_connections: { code: 4503, client: 'stop (the oldest of the connections of a user)' },
  protocol_violation: { code: 4504, client: 'stop' },
  /** RFC 6455: the frame is larger than 16 KiB. */
  message_too_big: { code: 1009, client: 'stop' },
} as const;

export type CloseName = keyof typeof closeCodes;

/** True where a client may come back after this close code; codes outside 4500–4999 and 1008, 1009 are cuts of the network. */
export function mayReconnect(code: number): boolean {
  return !(code >= 4500 && code <= 4999) && code !== 1008 && code !== 1009;
}

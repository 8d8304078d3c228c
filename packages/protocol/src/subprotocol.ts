/** The one version of the WebSocket protocol that this code speaks. */
export const protocolVersion = 'carillon.v1';

/** Offered beside the version, it carries the credential, because a browser can set no header. */
export const ticketPrefix = 'ticket.';
export const bearerPrefix = 'bearer.';

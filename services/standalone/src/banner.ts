/** What is running, for the people who started it. */
export type Running = {
  /** Where the demo messenger is; undefined without one. */
  readonly demo: string | undefined;
  readonly apiUrl: string;
  readonly adminUrl: string;
  readonly shardUrls: readonly string[];
  readonly parts: { readonly postgres: string; readonly eventLog: string; readonly presence: string };
  readonly data: string;
  /** The variables of those parts that are not real services yet. */
  readonly switches: readonly string[];
  readonly seconds: number;
  readonly send: string;
  readonly listen: string;
};

/** The text that `npm start` prints once everything is ready. */
export function banner(running: Running): string {
  const { parts } = running;
  const lines = [
    `Carillon, development: ${parts.postgres}, ${parts.eventLog}, ${parts.presence}. Not for production. Ready in ${running.seconds.toFixed(1)} s`,
    ...(running.demo === undefined
      ? []
      : [`  demo      ${running.demo}    alice: ${running.demo}?user=alice    bob: ${running.demo}?user=bob`]),
    `  api       ${running.apiUrl}/v1    docs ${running.apiUrl}/docs    admin ${running.adminUrl}/readyz`,
    `  shards    ${running.shardUrls.map((url) => `${url}/v1/ws`).join('  ')}`,
    `  data      ${running.data}${switchesText(running.switches)}`,
    `  listen    ${running.listen}`,
    `  send      ${running.send}`,
    '  stop      Ctrl-C',
  ];
  return `\n${lines.join('\n')}\n\n`;
}

function switchesText(variables: readonly string[]): string {
  return variables.length === 0 ? '' : `    real services: ${variables.join(', ')}`;
}

/** A curl command that works as printed: with a demo it sends a message as bob to alice, otherwise it creates their chat. */
export function sendCommand(apiUrl: string, token: string, chatId: string | undefined): string {
  const head = `curl -sS -X POST -H 'authorization: Bearer ${token}' -H 'content-type: application/json'`;
  if (chatId === undefined) return `${head} ${apiUrl}/v1/chats -d '{"kind":"direct","member_ids":["alice"]}'`;
  // The shell's clock makes each message a new one: the same client_message_id would be a retry.
  return `${head} ${apiUrl}/v1/chats/${chatId}/messages -d '{"client_message_id":"'$(date +%s%N)'","type":"text","text":"Hello from the terminal"}'`;
}

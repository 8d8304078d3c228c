import { closeCodes, errorCodes } from '@carillon/protocol';

/** `docs/reference/errors.md` from the catalogues. */
export function errorsReference(): string {
  const errors = Object.entries(errorCodes).map(
    ([code, { status, title, retryable }]) => `| ${status} | \`${code}\` | ${title} | ${retryable ? 'yes' : 'no'} |`,
  );
  const closes = Object.entries(closeCodes).map(([name, { code, client }]) => `| ${code} | \`${name}\` | ${client} |`);
  return `# Errors and close codes

Generated from the catalogues in \`packages/protocol\`.

## HTTP

\`application/problem+json\` (RFC 9457) with \`type\` \`urn:carillon:problem:<code>\`, \`title\`, \`status\`, \`detail\`, \`code\`, \`request_id\`, and \`errors\` (a JSON pointer
and a sentence for each faulty field). “Retry” tells whether the same request may succeed later; keep its client id.

| status | code | title | retry |
|---|---|---|---|
${errors.join('\n')}

## WebSocket

4000–4499 mean reconnect, 4500–4999 stop: the range is the contract.

| code | name | client |
|---|---|---|
${closes.join('\n')}
`;
}

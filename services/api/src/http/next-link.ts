/** `Link: <…>; rel="next"` (RFC 8288) for the page that this cursor begins; nothing on the last page. */
export function nextLink(path: string, limit: number, cursor: string | null): Record<string, string> {
  if (cursor === null) return {};
  return { link: `<${path}?${new URLSearchParams({ limit: String(limit), cursor })}>; rel="next"` };
}

/** A piece of a text: plain, or the address of a page. */
export type TextPart = { readonly text: string; readonly url?: string };

const address = /https?:\/\/[^\s<>"'`]+/gi;
const trailing = /[.,;:!?)\]}»”’]+$/;

/** Splits a text at its web addresses. Only `http:` and `https:` become links [W2]; the parts together are the text. */
export function splitLinks(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let at = 0;
  for (const match of text.matchAll(address)) {
    const found = match[0].replace(trailing, '');
    if (!URL.canParse(found)) continue;
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    parts.push({ text: found, url: found });
    at = match.index + found.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

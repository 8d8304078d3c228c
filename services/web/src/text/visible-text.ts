/** Characters that turn the direction of what follows: with them a name or a link can look like another one. */
const directionOverrides = /[\u202a-\u202e\u2066-\u2069]/g;

/** A user's text as it may be shown: verbatim, but for characters that reorder the text around them [W2]. */
export function visibleText(text: string): string {
  return text.replace(directionOverrides, '');
}

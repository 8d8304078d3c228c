import { StartError } from '@carillon/runtime';

/** An HTTP URL that paths are put behind. Throws StartError when it is none: `localhost:9090` is a URL too, of the scheme `localhost`. */
export function baseUrl(text: string): string {
  if (!URL.canParse(text) || !['http:', 'https:'].includes(new URL(text).protocol))
    throw new StartError(`${text} is not a URL that starts with http:// or https://`);
  return text.replace(/\/+$/, '');
}

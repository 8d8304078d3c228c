import { useState } from 'react';
import { visibleText } from '../text/visible-text.ts';
import './avatar.css';

type Props = { readonly name: string; readonly url?: string | null; readonly size?: 'small' | 'medium' | 'large' };

const hues = 8;

/** A picture, or initials on a colour that the name decides. Decoration: the name stands beside it. */
export function Avatar({ name, url, size = 'medium' }: Props) {
  const [broken, setBroken] = useState<string>();
  const className = `avatar avatar--${size} avatar--hue-${hueOf(name)}`;
  if (typeof url === 'string' && url !== broken) {
    return <img className={className} src={url} alt="" loading="lazy" referrerPolicy="no-referrer" onError={() => setBroken(url)} />;
  }
  return (
    <span className={className} aria-hidden="true">
      {initials(visibleText(name))}
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word !== '');
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? '');
  return letters.join('').toLocaleUpperCase();
}

function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % hues;
}

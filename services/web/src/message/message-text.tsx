import { splitLinks } from '../text/links.ts';
import { visibleText } from '../text/visible-text.ts';
import './message-text.css';

/** A user's text, never as HTML: React sets text nodes only. Web addresses become links that tell nobody where they were. */
export function MessageText({ text }: { readonly text: string }) {
  return (
    <p className="message-text" dir="auto">
      {splitLinks(visibleText(text)).map((part, index) =>
        part.url === undefined ? (
          part.text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other name
          <a key={index} href={part.url} target="_blank" rel="noopener noreferrer nofollow ugc">
            {part.text}
          </a>
        ),
      )}
    </p>
  );
}

import type { Attachment } from '@carillon/client';
import { sizeText } from '../text/quantities.ts';
import { visibleText } from '../text/visible-text.ts';
import { Icon } from '../ui/icon.tsx';
import './file-link.css';

/** A file by its name and size. Only web addresses can be followed. */
export function FileLink({ attachment }: { readonly attachment: Attachment }) {
  const { file_url, name, size_bytes, mime_type } = attachment;
  const details = [size_bytes === undefined ? undefined : sizeText(size_bytes), mime_type].filter((part) => part !== undefined);
  return (
    <a className="file-link" href={webAddress(file_url)} target="_blank" rel="noopener noreferrer nofollow ugc">
      <span className="file-link__icon">
        <Icon name="file" />
      </span>
      <span className="file-link__lines">
        <span className="file-link__name">{visibleText(name ?? nameIn(file_url))}</span>
        {details.length > 0 && <span className="file-link__details">{visibleText(details.join(', '))}</span>}
      </span>
    </a>
  );
}

function webAddress(url: string): string | undefined {
  return /^https?:\/\//i.test(url) ? url : undefined;
}

function nameIn(url: string): string {
  return url.split(/[?#]/)[0]?.split('/').at(-1) || 'File';
}

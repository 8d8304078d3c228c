import type { Message } from '@carillon/client';
import { contentPreview } from '../overview/preview-text.ts';
import { Icon } from '../ui/icon.tsx';
import { IconButton } from '../ui/icon-button.tsx';
import './edit-banner.css';

/** Which message is being edited, and the way out. */
export function EditBanner({ message, onCancel }: { readonly message: Message; readonly onCancel: () => void }) {
  return (
    <div className="edit-banner">
      <Icon name="edit" />
      <p className="edit-banner__text">
        <strong>Edit</strong> {contentPreview(message)}
      </p>
      <IconButton icon="close" label="Leave the edit" onClick={onCancel} />
    </div>
  );
}

import { countText } from '../text/quantities.ts';
import { Icon } from '../ui/icon.tsx';
import './to-end-button.css';

type Props = { readonly isShown: boolean; readonly unread: number; readonly onClick: () => void };

/** Back to the newest message, with how many have come meanwhile. */
export function ToEndButton({ isShown, unread, onClick }: Props) {
  if (!isShown) return null;
  const label = unread > 0 ? `To the newest, ${countText(unread, 'unread message')}` : 'To the newest';
  return (
    <button type="button" className="to-end" aria-label={label} title={label} onClick={onClick}>
      <Icon name="down" />
      {unread > 0 && <span className="to-end__unread">{unread > 999 ? '999+' : unread}</span>}
    </button>
  );
}

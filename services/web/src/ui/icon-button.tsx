import type { ButtonHTMLAttributes } from 'react';
import { Icon, type IconName } from './icon.tsx';

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children' | 'type'> & {
  readonly icon: IconName;
  /** What it does: told to screen readers, shown on hovering. */
  readonly label: string;
  readonly type?: 'button' | 'submit';
  readonly isPrimary?: boolean;
};

/** A round button with a drawing. */
export function IconButton({ icon, label, type = 'button', isPrimary = false, className = '', ...rest }: Props) {
  const classes = ['icon-button', isPrimary ? 'icon-button--primary' : '', className].filter((name) => name !== '').join(' ');
  return (
    <button {...rest} type={type} className={classes} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

import { type KeyboardEvent, useEffect, useRef } from 'react';

type Keys = { readonly onEnter: () => void; readonly onEscape?: () => void; readonly onArrowUp?: (() => void) | undefined };
type Props = Keys & {
  readonly label: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly hasFocus: boolean;
};

/** The format's limit, in code points. */
const maxLength = 4_000;

/** By how many characters a text is too long. */
export function excessOf(text: string): number {
  return Math.max(0, [...text].length - maxLength);
}

/** The field that grows with its text. Shift+Enter breaks the line; while an input method composes, keys are its own. */
export function MessageField({ label, text, onChange, hasFocus, onEnter, onEscape, onArrowUp }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (hasFocus) field.current?.focus();
  }, [hasFocus]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.shiftKey) return;
    const keys: Readonly<Record<string, (() => void) | undefined>> = { Enter: onEnter, Escape: onEscape, ArrowUp: onArrowUp };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <textarea
      ref={field}
      className="composer__field"
      aria-label={label}
      aria-invalid={excessOf(text) > 0}
      placeholder="Message"
      rows={1}
      dir="auto"
      value={text}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={onKeyDown}
    />
  );
}

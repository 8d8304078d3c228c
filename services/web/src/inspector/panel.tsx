import { useState } from 'react';
import { IconButton } from '../ui/icon-button.tsx';
import { Counts } from './counts.tsx';
import { Faults } from './faults.tsx';
import { Frames } from './frames.tsx';
import { Places } from './places.tsx';
import type { Side } from './side.ts';
import { useWays } from './use-ways.ts';
import { VerdictLine } from './verdict-line.tsx';
import { Ways } from './ways.tsx';
import './panel.css';

type Props = {
  /** One, or two side by side; the faults are the first one's. */
  readonly sides: readonly Side[];
  readonly chatId: string | undefined;
  readonly onClose: () => void;
};

/** What one or two tabs see of the cluster, and what may be done to them. */
export function Panel({ sides, chatId, onClose }: Props) {
  const [shown, setShown] = useState(0);
  const side = sides[shown] ?? sides[0];
  if (side === undefined) return null;
  return (
    <section className="panel" aria-labelledby="panel-title">
      <header className="panel__header">
        <h2 id="panel-title" className="panel__title">
          See it work
        </h2>
        <IconButton icon="close" label="Close the panel" onClick={onClose} />
      </header>
      <div className="panel__content">
        <Places sides={sides} />
        {sides.length === 1 && <OtherSide userId={side.userId} />}
        <Faults key={chatId} sides={sides} chatId={chatId} />
        {chatId !== undefined && <VerdictLine sides={sides} chatId={chatId} />}
        <Counts sides={sides} />
        {sides.length > 1 && <SideChoice sides={sides} shown={shown} onShow={setShown} />}
        <SideDetails key={side.userId} side={side} sides={sides} chatId={chatId} />
      </div>
    </section>
  );
}

type DetailsProps = Pick<Props, 'sides' | 'chatId'> & { readonly side: Side };

function SideDetails({ side, sides, chatId }: DetailsProps) {
  const ways = useWays(side);
  return (
    <>
      <Ways side={side} sides={sides} chatId={chatId} ways={ways} />
      <Frames side={side} />
    </>
  );
}

type ChoiceProps = { readonly sides: readonly Side[]; readonly shown: number; readonly onShow: (index: number) => void };

function SideChoice({ sides, shown, onShow }: ChoiceProps) {
  return (
    <fieldset className="panel__choice" aria-label="Whose tab">
      {sides.map(({ userId }, index) => (
        <button key={userId} type="button" className="panel__choose" aria-pressed={index === shown} onClick={() => onShow(index)}>
          {userId}’s tab
        </button>
      ))}
    </fieldset>
  );
}

/** The way to two users on one page. */
function OtherSide({ userId }: { readonly userId: string }) {
  const other = userId === 'bob' ? 'alice' : 'bob';
  return (
    <a className="panel__link" href={`/?${new URLSearchParams({ user: userId, with: other })}`}>
      Side by side with {other}, on two shards
    </a>
  );
}

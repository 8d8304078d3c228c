import { type FormEvent, useState } from 'react';
import { isUserId } from './remembered-user.ts';
import './sign-in.css';

const suggestions = ['alice', 'bob', 'carol'];

/** Asks for a name. There is no password: the demo's server gives everybody a development token. */
export function SignIn({ onSignIn }: { readonly onSignIn: (userId: string) => void }) {
  const [name, setName] = useState('');
  const isWrong = name !== '' && !isUserId(name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isUserId(name)) onSignIn(name);
  };
  return (
    <main className="sign-in">
      <form className="sign-in__card" onSubmit={submit}>
        <img className="sign-in__logo" src="/favicon.svg" alt="" width={64} height={64} />
        <h1 className="sign-in__title">Carillon</h1>
        <p className="sign-in__lead">One key struck, every bell rings.</p>
        <label className="sign-in__label" htmlFor="sign-in-name">
          Your name
        </label>
        <input
          id="sign-in-name"
          className="field"
          value={name}
          onChange={(event) => setName(event.target.value.trim())}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={128}
          aria-invalid={isWrong}
          aria-describedby="sign-in-hint"
          // biome-ignore lint/a11y/noAutofocus: it is the page's only field
          autoFocus
        />
        <p id="sign-in-hint" className={isWrong ? 'sign-in__hint sign-in__hint--wrong' : 'sign-in__hint'}>
          {isWrong ? 'Letters, digits and signs of ASCII, without spaces' : 'Any name will do: this server is for development'}
        </p>
        <button className="button button--primary sign-in__submit" type="submit" disabled={!isUserId(name)}>
          Sign in
        </button>
        <div className="sign-in__suggestions">
          <span>or as</span>
          {suggestions.map((suggestion) => (
            <button key={suggestion} className="chip" type="button" onClick={() => onSignIn(suggestion)}>
              {suggestion}
            </button>
          ))}
        </div>
      </form>
    </main>
  );
}

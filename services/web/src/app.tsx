import { useState } from 'react';
import { createWatchedClient } from './inspector/side.ts';
import { SideBySide } from './inspector/side-by-side.tsx';
import { namedPartner, rememberedUser, rememberUser } from './session/remembered-user.ts';
import { SignIn } from './session/sign-in.tsx';
import { UserSession } from './session/user-session.tsx';
import { Messenger } from './shell/messenger.tsx';

/** The page: a name first, then that user's messenger. Another name is another session from the ground up. */
export function App() {
  const [userId, setUserId] = useState(rememberedUser);
  const change = (next: string | undefined) => {
    rememberUser(next);
    setUserId(next);
  };
  if (userId === undefined) return <SignIn onSignIn={change} />;
  const partner = namedPartner(userId);
  if (partner !== undefined) return <SideBySide userId={userId} otherId={partner} />;
  return (
    <UserSession key={userId} userId={userId} create={createWatchedClient}>
      <Messenger userId={userId} onSignOut={() => change(undefined)} />
    </UserSession>
  );
}

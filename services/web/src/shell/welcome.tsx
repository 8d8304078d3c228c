import './welcome.css';

/** What stands where no chat is open. */
export function Welcome() {
  return (
    <div className="welcome">
      <img src="/favicon.svg" alt="" width={72} height={72} />
      <p className="welcome__title">Choose a chat</p>
      <p>or start one with the + above the list</p>
    </div>
  );
}

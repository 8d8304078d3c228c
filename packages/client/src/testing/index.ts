export { type FakeRequest, FakeServer, type ScriptedAnswer } from './fake-server.ts';
export { FakeSocket } from './fake-socket.ts';
export { ManualClock, settled } from './manual-clock.ts';
export { type ChatMoment, ModelServer } from './model-server.ts';

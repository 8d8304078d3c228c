// @vitest-environment happy-dom
import { act, createElement, Fragment } from 'react';
import { createRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveWorld } from '../client.fixture.ts';
import { CarillonProvider, useChat, useConnection, useMembers, useMessages, useOverview } from './index.ts';

beforeEach(() => void Reflect.set(globalThis, 'IS_REACT_ACT_ENVIRONMENT', true));
afterEach(() => void Reflect.deleteProperty(globalThis, 'IS_REACT_ACT_ENVIRONMENT'));

function Screen({ isOpen = true }: { isOpen?: boolean }) {
  const { messages, pending } = useMessages('c1', { skip: !isOpen });
  const { members } = useMembers('c1', { skip: !isOpen });
  const lines = [
    useConnection().kind,
    useOverview().chats.map((chat) => `${chat.title} ${chat.unread_count}`),
    [...messages.map((message) => message.text), ...pending.map((send) => `${send.content.text} (${send.state})`)],
    members.map((member) => member.user_id),
    useChat('c1').id,
  ];
  return createElement(Fragment, undefined, JSON.stringify(lines));
}

test('the hooks show what the views have, and follow it while the component is there', async () => {
  const { client, server, clock } = await liveWorld();
  const container = document.createElement('div');
  const root = createRoot(container);
  await act(async () => {
    root.render(createElement(CarillonProvider, { client }, createElement(Screen)));
    await clock.advance(0);
  });
  expect(container.textContent).toBe('["live",["A group 0"],[],["ann","bob","me"],"c1"]');
  await act(async () => {
    server.act((model) => model.send('c1', 'ann', 'a', 'hello'));
    client.chat('c1').send({ text: 'mine' });
  });
  await act(() => clock.advance(0));
  expect(container.textContent).toBe('["live",["A group 0"],["hello","mine"],["ann","bob","me"],"c1"]');
  await act(async () => root.unmount());
  expect(container.textContent).toBe('');
  await clock.advance(0);
});

test('on a server they render without loading', async () => {
  const { client } = await liveWorld();
  const html = renderToString(createElement(CarillonProvider, { client }, createElement(Screen, { isOpen: false })));
  expect(html).toContain('A group 0');
  expect(() => renderToString(createElement(Screen))).toThrow('no CarillonProvider');
});

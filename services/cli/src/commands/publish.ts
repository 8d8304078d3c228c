import { protocolVersion, ticketPrefix } from '@carillon/protocol';
import { StartError, withDeadline } from '@carillon/runtime';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { readClusterFile } from '../admin-ports.ts';
import { Api } from '../api.ts';
import { baseUrl } from '../base-url.ts';
import { type Command, commonOptions, parse } from '../command.ts';
import { variablesFrom } from '../variables.ts';

const usage = `carillon publish <text> --as USER (--chat ID | --to USER) [flags]: writes a message

  --as USER       who writes
  --chat ID       into this chat
  --to USER       into the direct chat with this user
  --wait          connects as the writer and waits until the message is pushed: a test of the whole way
  --api URL       base URL of the API ($CARILLON_API_URL, else that of --cluster, else http://127.0.0.1:8080)
  --cluster FILE  what npm run cluster -- --json FILE wrote ($CARILLON_CLUSTER)
  --json          for programs

CARILLON_TOKEN is the writer's token; without it AUTH_JWT_SECRET signs one (AUTH_ISSUER, AUTH_AUDIENCE); without both the API must hand
out development tokens.
Exit code 1 when the message was not pushed within 15 s.
`;

const pushWithinMs = 15_000;
const idSchema = z.object({ id: z.string() });
const messageSchema = z.object({ id: z.string(), chat_id: z.string(), seq: z.number() });
const ticketSchema = z.object({ url: z.string(), ticket: z.string(), shard_id: z.string() });
const frameSchema = z.object({
  type: z.string(),
  data: z.object({ message: z.object({ client_message_id: z.string() }).optional() }).optional(),
});

export const publish: Command = {
  does: 'writes a message, and may wait for its push',
  usage,
  async run(args, { env, print }) {
    const text = { type: 'string' } as const;
    const options = { ...commonOptions, as: text, chat: text, to: text, api: text, cluster: text, wait: { type: 'boolean' } } as const;
    const { values, positionals } = parse(args, options, usage);
    const [content, ...more] = positionals;
    const { as: writer, chat, to } = values;
    if (content === undefined || more.length > 0 || writer === undefined)
      throw new StartError(`give a text, and --as who writes it\n\n${usage}`);
    const url = values.api ?? env['CARILLON_API_URL'] ?? readClusterFile(values, env)?.api[0]?.url ?? 'http://127.0.0.1:8080';
    const api = await Api.as(writer, baseUrl(url), variablesFrom(env));
    const chatId = await chatOf(api, chat, to);
    const told = await send(api, chatId, content, values.wait === true);
    print(values.json === true ? `${JSON.stringify(told)}\n` : sentence(told));
    return told.pushed_ms === null && values.wait === true ? 1 : 0;
  },
};

type Told = { message_id: string; chat_id: string; seq: number; answered_ms: number; shard_id: string | null; pushed_ms: number | null };

async function chatOf(api: Api, chat: string | undefined, to: string | undefined): Promise<string> {
  if ((chat === undefined) === (to === undefined)) throw new StartError(`name either --chat or --to\n\n${usage}`);
  return chat ?? idSchema.parse(await api.post('/v1/chats', { kind: 'direct', member_ids: [to] })).id;
}

async function send(api: Api, chatId: string, text: string, waits: boolean): Promise<Told> {
  const clientMessageId = crypto.randomUUID();
  const watch = waits ? await watchPush(api, clientMessageId) : undefined;
  const startedMs = performance.now();
  const body = { client_message_id: clientMessageId, type: 'text', text };
  const message = messageSchema.parse(await api.post(`/v1/chats/${chatId}/messages`, body));
  const answeredMs = Math.round(performance.now() - startedMs);
  const pushedAtMs = await watch?.pushed();
  const pushed = pushedAtMs === undefined ? null : Math.round(pushedAtMs - startedMs);
  return {
    message_id: message.id,
    chat_id: chatId,
    seq: message.seq,
    answered_ms: answeredMs,
    shard_id: watch?.shardId ?? null,
    pushed_ms: pushed,
  };
}

/** Resolves once the writer's own connection is ready; `pushed` with the moment of the push, or undefined when it did not come in time. */
async function watchPush(api: Api, clientMessageId: string): Promise<{ shardId: string; pushed: () => Promise<number | undefined> }> {
  const { url, ticket, shard_id } = ticketSchema.parse(await api.post('/v1/tickets', {}));
  const socket = new WebSocket(`${url}/v1/ws`, [protocolVersion, `${ticketPrefix}${ticket}`], { handshakeTimeout: pushWithinMs });
  const frame = (fits: (frame: z.infer<typeof frameSchema>) => boolean) =>
    new Promise<number>((resolve, reject) => {
      socket.on('message', (data) => {
        const parsed = frameSchema.safeParse(JSON.parse(String(data))).data;
        if (parsed !== undefined && fits(parsed)) resolve(performance.now());
      });
      socket.once('error', reject);
      socket.once('close', (code) => reject(new StartError(`${shard_id} closed the connection with ${code}`)));
    });
  const pushed = frame(({ data }) => data?.message?.client_message_id === clientMessageId);
  pushed.catch(() => undefined);
  await withDeadline(
    frame(({ type }) => type === 'ready'),
    pushWithinMs,
    'the shard’s `ready`',
  ).catch((cause: unknown) => {
    socket.terminate();
    throw new StartError(`${shard_id} at ${url} takes no connection`, { cause });
  });
  const wait = async () => {
    const atMs = await withDeadline(pushed, pushWithinMs, 'the push').catch(() => undefined);
    socket.terminate();
    return atMs;
  };
  return { shardId: shard_id, pushed: wait };
}

function sentence({ message_id, chat_id, seq, answered_ms, shard_id, pushed_ms }: Told): string {
  const written = `message ${message_id} in chat ${chat_id}, seq ${seq}, answered after ${answered_ms} ms\n`;
  if (shard_id === null) return written;
  return `${written}${pushed_ms === null ? 'not pushed within 15 s' : `pushed by ${shard_id} after ${pushed_ms} ms`}\n`;
}

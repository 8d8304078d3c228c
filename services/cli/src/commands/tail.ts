import { followTopic, type ReceivedRecord } from '@carillon/event-log';
import { StartError } from '@carillon/runtime';
import { z } from 'zod';
import { type Command, commonOptions, parse, wholeNumber } from '../command.ts';
import { kafkaFrom } from '../kafka-address.ts';

const usage = `carillon tail <user or chat> [flags]: the notifications of a user or chat, as they pass through Kafka, from now on

  --content   shows what was written; without it only who, what, where and how late
  --count N   ends after so many
  --json      one object a line

Reads KAFKA_BROKERS, KAFKA_TOPIC and the KAFKA_… security variables. It takes no partition from a shard.
`;

const frameSchema = z.object({ actor_id: z.string(), at: z.string(), data: z.looseObject({}) });

export const tail: Command = {
  does: 'follows the notifications of a user or chat',
  usage,
  async run(args, { env, print, note, signal }) {
    const options = { ...commonOptions, content: { type: 'boolean' }, count: { type: 'string' } } as const;
    const { values, positionals } = parse(args, options, usage);
    const [subject, ...more] = positionals;
    if (subject === undefined || more.length > 0) throw new StartError(`name one user or chat\n\n${usage}`);
    const ending = new AbortController();
    let left = values.count === undefined ? Number.POSITIVE_INFINITY : wholeNumber('count', values.count, usage);
    const show = { withContent: values.content === true, asJson: values.json === true };
    const onRecord = (record: ReceivedRecord) => {
      if (ending.signal.aborted || (record.chatId !== subject && !record.recipients.includes(subject))) return;
      print(`${lineOf(record, show)}\n`);
      left -= 1;
      if (left <= 0) ending.abort();
    };
    const onUnreadable = (partition: number, offset: string) => note(`partition ${partition}, offset ${offset} cannot be read\n`);
    const onReady = () => note(`following ${subject}; Ctrl-C ends\n`);
    await followTopic({ ...kafkaFrom(env), onRecord, onUnreadable, onReady }, AbortSignal.any([signal, ending.signal]));
    return 0;
  },
};

/** `late_ms`: from the change to its arrival in Kafka, by two clocks. */
function lineOf(record: ReceivedRecord, { withContent, asJson }: { withContent: boolean; asJson: boolean }): string {
  const frame = frameSchema.safeParse(JSON.parse(record.value.toString())).data;
  const told = {
    at: frame?.at ?? '',
    event: record.event,
    chat_id: record.chatId,
    seq: record.seq,
    actor_id: frame?.actor_id ?? '',
    recipients: record.recipients.length,
    partition: record.partition,
    offset: record.offset,
    late_ms: frame === undefined ? 0 : record.appendedAtMs - Date.parse(frame.at),
    ...(withContent ? { data: frame?.data } : {}),
  };
  if (asJson) return JSON.stringify(told);
  const place = `partition ${told.partition}@${told.offset}`;
  const line = `${told.at}  ${told.event.padEnd(15)}  chat ${told.chat_id} seq ${told.seq} by ${told.actor_id} to ${told.recipients}  ${place}  +${told.late_ms} ms`;
  return withContent ? `${line}\n    ${JSON.stringify(frame?.data)}` : line;
}

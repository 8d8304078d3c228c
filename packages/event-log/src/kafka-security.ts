import { variable } from '@carillon/runtime';
import { z } from 'zod';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** How a process proves itself to Kafka and Kafka to it: variables that every process on Kafka has, beside the brokers. */
export const kafkaSecurityVariables = {
  KAFKA_TLS: variable
    .boolean()
    .default(false)
    .describe('TLS to the brokers. Their certificates are checked against the public authorities and those of NODE_EXTRA_CA_CERTS.'),
  KAFKA_CLIENT_CERT: z.string().optional().describe('The certificate that this process shows to the brokers, PEM; needs KAFKA_CLIENT_KEY.'),
  KAFKA_CLIENT_KEY: z.string().optional().describe('The key of KAFKA_CLIENT_CERT, PEM.'),
  KAFKA_SASL_MECHANISM: z
    .enum(mechanisms, `must be one of ${mechanisms.join(', ')}`)
    .optional()
    .describe('How KAFKA_USERNAME and KAFKA_PASSWORD are shown: `plain`, `scram-sha-256` or `scram-sha-512`.'),
  KAFKA_USERNAME: z.string().optional().describe('The user at the brokers; needs KAFKA_SASL_MECHANISM.'),
  KAFKA_PASSWORD: z.string().optional().describe('The password of KAFKA_USERNAME.'),
};

type Settings = z.output<z.ZodObject<typeof kafkaSecurityVariables>>;

/** TLS and SASL of a connection to Kafka; both absent = plain text, unknown to the broker. */
export type KafkaSecurity = {
  readonly tls?: { readonly cert?: string; readonly key?: string };
  readonly sasl?: { readonly mechanism: (typeof mechanisms)[number]; readonly username: string; readonly password: string };
};

/** From checked variables (`checkKafkaSecurity`): what belongs together is there together. */
export function kafkaSecurity(settings: Settings): KafkaSecurity {
  const { KAFKA_CLIENT_CERT: cert, KAFKA_CLIENT_KEY: key, KAFKA_SASL_MECHANISM: mechanism } = settings;
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = settings;
  const hasUser = mechanism !== undefined && username !== undefined && password !== undefined;
  return {
    ...(settings.KAFKA_TLS ? { tls: cert !== undefined && key !== undefined ? { cert, key } : {} } : {}),
    ...(hasUser ? { sasl: { mechanism, username, password } } : {}),
  };
}

/** Variables that need each other. Told beside the faults of single ones, so the values may be of any kind here [L4]. */
export function checkKafkaSecurity(config: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  const needs = (variable: string, other: string) => {
    if (config[variable] !== undefined && config[other] === undefined)
      context.addIssue({ code: 'custom', path: [other], message: `is required with ${variable}` });
  };
  needs('KAFKA_CLIENT_CERT', 'KAFKA_CLIENT_KEY');
  needs('KAFKA_CLIENT_KEY', 'KAFKA_CLIENT_CERT');
  needs('KAFKA_SASL_MECHANISM', 'KAFKA_USERNAME');
  needs('KAFKA_SASL_MECHANISM', 'KAFKA_PASSWORD');
  needs('KAFKA_USERNAME', 'KAFKA_SASL_MECHANISM');
  needs('KAFKA_PASSWORD', 'KAFKA_SASL_MECHANISM');
  if (config['KAFKA_CLIENT_CERT'] !== undefined && config['KAFKA_TLS'] === false)
    context.addIssue({ code: 'custom', path: ['KAFKA_CLIENT_CERT'], message: 'needs KAFKA_TLS=true' });
}

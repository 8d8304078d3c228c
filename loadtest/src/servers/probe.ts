import { readUsage } from './commands.ts';

/**
 * Loaded into a production process before its program (`node --import`): answers its parent's question for CPU and memory. It
 * neither keeps the process alive nor changes what it does.
 */
process.on('message', (question) => void readUsage(question === 'gc').then((usage) => process.send?.(usage)));
process.channel?.unref();

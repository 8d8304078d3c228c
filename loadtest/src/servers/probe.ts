import { readUsage } from './commands.ts';

/**
 * Loaded into a production process before its program (`node --import`): answers its parent's question for CPU and memory. It
 * neither keeps the process alive nor changes what it does.
 */
process.on('message', (question) => void process.send?.(readUsage(question === 'gc')));
process.channel?.unref();

import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where programs and lists that outlive a clone are kept: CARILLON_TOOLS_DIR, else a cache folder of the user's. */
export function toolsFolder(): string {
  const folder = process.env['CARILLON_TOOLS_DIR'] || join(homedir(), '.cache', 'carillon', 'tools');
  mkdirSync(folder, { recursive: true });
  return folder;
}

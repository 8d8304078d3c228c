import { delivery } from './delivery.ts';
import { dependencies } from './dependencies.ts';
import { node } from './node.ts';
import { overview } from './overview.ts';
import type { Dashboard } from './panel.ts';
import { shards } from './shards.ts';

/** Every dashboard, by the file that it becomes in the chart. */
export const dashboards: Readonly<Record<string, Dashboard>> = { overview, shards, delivery, dependencies, node };
